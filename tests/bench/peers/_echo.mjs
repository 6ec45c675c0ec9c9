/** What the echo servers of Node have in common, as its users write it with its events. */
import { cpuUsage, stdin } from "node:process";
import { createInterface } from "node:readline";

/** Sends back what comes. */
export function echo(socket) {
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
  socket.on("error", () => socket.destroy());
}

/** Listens and says where; tells its CPU time for each line of its input, and ends with that. */
export function serve(server) {
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(server.address().port));
  createInterface({ input: stdin })
    .on("line", () => {
      const { user, system } = cpuUsage();
      console.log((user + system) / 1e6);
    })
    .on("close", () => process.exit(0));
}
