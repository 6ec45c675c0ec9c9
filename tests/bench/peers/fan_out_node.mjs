/**
 * Fan-out of Node's `net`: what one client writes goes to all others. Called with `chat`, each line goes
 * behind its writer's name, as a chat has it; without, the bytes as they are, as an editor has it. Prints its
 * port, and for each line of its input the seconds of processor time and how many clients there are.
 */
import { createServer } from "node:net";
import { argv, cpuUsage, stdin } from "node:process";
import { createInterface } from "node:readline";

const isChat = argv[2] === "chat";
const clients = new Set();

const server = createServer({ noDelay: true }, (socket) => {
  const name = `n${clients.size}`;
  clients.add(socket);
  let rest = "";
  socket.setEncoding("latin1");
  socket.on("data", (text) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end === 0) {
      rest += text;
      return;
    }
    const lines = rest + text.slice(0, end);
    rest = text.slice(end);
    const bytes = Buffer.from(isChat ? lines.replace(/^(?=.)/gm, `${name}: `) : lines, "latin1");
    for (const other of clients) if (other !== socket) other.write(bytes);
  });
  socket.on("close", () => clients.delete(socket));
  socket.on("error", () => socket.destroy());
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(server.address().port));

createInterface({ input: stdin })
  .on("line", () => {
    const { user, system } = cpuUsage();
    console.log((user + system) / 1e6, clients.size);
  })
  .on("close", () => process.exit(0));
