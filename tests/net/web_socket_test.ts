import { assertEquals, assertMatch } from "@std/assert";
import { type CloseReason, httpServer, type Route, type WebSocketMessage } from "../../actors/net/mod.ts";
import { encodeWebSocket } from "../../protocols/web_socket.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { deadline, TestClient, until } from "../_helpers.ts";
import { inWorlds } from "../_worlds.ts";
import { echoClient, open, ROUTES } from "./_door.ts";

/** What a WebSocket of the platform is told, in order. */
class Socket {
  readonly ws: WebSocket;
  readonly messages: (string | ArrayBuffer)[] = [];
  readonly closed: Promise<CloseEvent>;

  constructor(url: string) {
    this.ws = new WebSocket(url);
    this.ws.binaryType = "arraybuffer";
    this.ws.onmessage = ({ data }) => void this.messages.push(data);
    this.closed = new Promise((resolve) => this.ws.onclose = resolve);
  }

  static async open(url: string): Promise<Socket> {
    const socket = new Socket(url);
    await deadline(
      new Promise((resolve, reject) => {
        socket.ws.onopen = resolve;
        socket.ws.onerror = reject;
      }),
    );
    return socket;
  }
}

Deno.test("web socket: messages go both ways, to the limit and not over it", async () => {
  await using door = await open();
  const socket = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  socket.ws.send("é");
  socket.ws.send(new Uint8Array(100_000).fill(3));
  await until(() => socket.messages.length === 2, "two messages");
  assertEquals(socket.messages, ["é", new Uint8Array(100_000).fill(3).buffer]);
  socket.ws.send(new Uint8Array(100_001));
  const { code, reason } = await deadline(socket.closed);
  assertEquals([code, reason], [1009, "a message is longer than 100000 bytes"]);
});

Deno.test("web socket: either end closes with a code, and a stop says goodbye", async () => {
  const door = await open();
  try {
    const ours = await Socket.open(`ws://127.0.0.1:${door.port}/closed`);
    ours.ws.send("enough");
    const { code, reason } = await deadline(ours.closed);
    assertEquals([code, reason], [4001, "enough"]);
    const theirs = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
    theirs.ws.close(4002, "mine");
    assertEquals((await deadline(theirs.closed)).code, 4002);
    const last = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
    await door.system.stop();
    assertEquals((await deadline(last.closed)).code, 1001);
    assertEquals(last.messages, ["bye"]);
  } finally {
    await door[Symbol.asyncDispose]();
  }
});

const UPGRADE = "host: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

Deno.test("web socket: a route refuses whom it does not admit, and a handshake that is not of the protocol", async () => {
  await using door = await open();
  const refused: [status: string, head: string][] = [
    ["401", `GET /private HTTP/1.1\r\n${UPGRADE}`],
    ["404", `GET /nowhere HTTP/1.1\r\n${UPGRADE}`],
    ["400", `POST /echo HTTP/1.1\r\n${UPGRADE}`],
    ["426", `GET /echo HTTP/1.1\r\n${UPGRADE.replace("13", "8")}`],
    ["400", `GET /echo HTTP/1.1\r\n${UPGRADE.replace("dGhl", "")}`],
  ];
  for (const [status, head] of refused) {
    using client = await TestClient.connect(door.port);
    await client.send(head);
    assertEquals((await client.rest()).split(" ")[1], status);
  }
});

Deno.test("web socket: who vanished is found out by pings, and who answers them stays", async () => {
  await using door = await open({ limits: { pingIntervalMs: 700 } });
  const alive = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  using silent = await TestClient.connect(door.port);
  await silent.send(
    `GET /echo HTTP/1.1\r\n${UPGRADE}`,
  );
  // The key and its answer are those of RFC 6455, section 1.3.
  assertMatch(await silent.rest(), /^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/m);
  alive.ws.send("still here");
  await until(() => alive.messages.length === 1, "the echo");
  alive.ws.close();
  await alive.closed;
});

Deno.test("web socket: a message that never ends is cut, though its sender answers each ping", async () => {
  await using door = await open({ limits: { pingIntervalMs: 100 } });
  const slow = await Socket.open(`ws://127.0.0.1:${door.port}/echo`);
  using dripping = await TestClient.connect(door.port);
  await dripping.send(`GET /echo HTTP/1.1\r\n${UPGRADE}`);
  while (await dripping.line() !== "\r");
  // The first part of a binary message, then more of it, each with the answer to a ping before it.
  const mask = new Uint8Array(4);
  await dripping.send(Uint8Array.of(0x02, 0x81, ...mask, 1));
  let isOver = false;
  const closed = dripping.closed().finally(() => isOver = true);
  while (!isOver) {
    await dripping.send(Uint8Array.of(0x8a, 0x80, ...mask, 0x00, 0x81, ...mask, 1)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await closed;
  // Who sends whole messages in time is still served.
  slow.ws.send("still here");
  await until(() => slow.messages.length === 1, "the echo");
  slow.ws.close();
  await slow.closed;
});

Deno.test("web socket: a client that does not read is cut by the bytes that wait for it", async () => {
  const over = Promise.withResolvers<CloseReason>();
  const flood: Route = {
    path: "/flood",
    webSocket: (socket) => ({
      frame() {
        for (let i = 0; i < 400; i++) socket.send(new Uint8Array(65_536));
      },
      closed: over.resolve,
    }),
  };
  await using door = await open({ routes: [flood], limits: { maxOutboundBytes: 1 << 20 } });
  using client = await TestClient.connect(door.port);
  await client.send(`GET /flood HTTP/1.1\r\n${UPGRADE}`);
  assertEquals(await client.line(), "HTTP/1.1 101 Switching Protocols\r");
  await client.send(encodeWebSocket("go", { mask: new Uint8Array(4) }));
  assertEquals(await deadline(over.promise), { type: "slow" });
});

Deno.test("web socket: our client and our server understand each other in the simulated world", () =>
  inWorlds(async (sim) => {
    const server = sim.host("server");
    const client = sim.host("client");
    const systems: ActorSystem[] = [];
    server.start((world) => {
      const system = new ActorSystem("server", { world });
      const door = httpServer({ address: { hostname: "::", port: 80 }, routes: ROUTES, hosts: ["server"] });
      system.spawn("door", door, { onFailure: escalate() });
      systems.push(system);
    });
    const got: WebSocketMessage[] = [];
    const system = new ActorSystem("client", { world: client.world });
    system.spawn("dialer", echoClient("ws://server/echo", got));
    await sim.advance(2000);
    assertEquals(got.map((message) => message.length), [3, 90_000, 5]);
    await sim.settle(system.stop());
    await sim.settle(systems[0]?.stop() ?? Promise.resolve());
  }));
