import { assert, assertRejects } from "@std/assert";
import { createServer, type Socket } from "node:net";
import { natsEngine } from "../../../actors/cluster/engines/nats.ts";
import { denoWorld, WorldError } from "../../../mod.ts";

const world = denoWorld({ log: { level: "error" } });
const INFO = 'INFO {"server_id":"a","server_name":"a","version":"2.11.0","headers":true,' +
  '"max_payload":1048576,"jetstream":true,"proto":1,"auth_required":true}\r\n';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** A server that does this to whoever connects. */
async function server(serve: (socket: Socket, number: number) => Promise<void> | void) {
  const sockets: Socket[] = [];
  const listening = createServer((socket) => {
    socket.on("error", () => {});
    serve(socket, sockets.push(socket));
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  assert(address !== null && typeof address === "object");
  return {
    address: `127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => listening.close(() => resolve()));
    },
  };
}

const refused = (address: string) =>
  assertRejects(
    () => natsEngine({ world, servers: [address], startTimeoutMs: 300 }),
    WorldError,
    "Cannot connect to NATS",
  );

Deno.test("nats: a server that refuses and resets, at whatever moment, costs an error and not the process", async () => {
  await using refusing = await server(async (socket, number) => {
    socket.write(INFO);
    await turns(number % 4);
    if (number % 3 > 0) socket.write("-ERR 'Authorization Violation'\r\n");
    await turns(number % 5);
    if (number % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  });
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 24 }, () => refused(refusing.address)));
  }
});

Deno.test("nats: what is no server of NATS is refused, also where its first line never ends", async () => {
  for (const words of ["HTTP/1.1 400 Bad Request\r\n\r\n", "INFO {\r\n", "INFO ", "x".repeat(100_000)]) {
    await using stranger = await server((socket) => void socket.end(words));
    await refused(stranger.address);
  }
});
