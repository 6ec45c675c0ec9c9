/** An echo server of Node's `dgram`, as its users write it with its events. */
import { createSocket } from "node:dgram";
import { cpuUsage, stdin } from "node:process";
import { createInterface } from "node:readline";

const socket = createSocket("udp4");
socket.on("message", (bytes, from) => socket.send(bytes, from.port, from.address));
socket.bind(0, "127.0.0.1", () => console.log(socket.address().port));

createInterface({ input: stdin })
  .on("line", () => {
    const { user, system } = cpuUsage();
    console.log((user + system) / 1e6);
  })
  .on("close", () => process.exit(0));
