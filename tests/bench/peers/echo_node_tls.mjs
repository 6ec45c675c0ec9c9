/**
 * An echo server of Node's `tls`, as its users write it with its events. Called with the files of a certificate
 * and of its key.
 */
import { readFileSync } from "node:fs";
import { argv, cpuUsage, stdin } from "node:process";
import { createInterface } from "node:readline";
import { createServer } from "node:tls";

const [, , certFile, keyFile] = argv;
const options = { cert: readFileSync(certFile), key: readFileSync(keyFile), noDelay: true };
const server = createServer(options, (socket) => {
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
  socket.on("error", () => socket.destroy());
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(server.address().port));

createInterface({ input: stdin })
  .on("line", () => {
    const { user, system } = cpuUsage();
    console.log((user + system) / 1e6);
  })
  .on("close", () => process.exit(0));
