/**
 * Scenes of net by its rules: what a web door owes to who speaks HTTP and WebSocket.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { httpServer, type HttpServerOptions, textResponse } from "../../actors/net/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import {
  encodeClose,
  encodePing,
  encodeWebSocket,
  webSocketFrames,
  type WebSocketInput,
} from "../../protocols/web_socket.ts";
import { service } from "./_harness.ts";
import { freshHost, LinePeer, SOON_MS } from "./_line_peer.ts";
import { assertTime, PORT } from "./_net_stage.ts";

const MASK = Uint8Array.of(1, 2, 3, 4);
const LONG_TEXT = "long ".repeat(200_000);

/** A web door. */
class Door {
  readonly sim: SimWorld;
  readonly server: SimHost;

  constructor(sim: SimWorld, options: Partial<HttpServerOptions<string>>) {
    this.sim = sim;
    this.server = freshHost(sim, "door");
    this.server.start(service("door", () =>
      httpServer<string>({
        address: { hostname: "::", port: PORT },
        hosts: [this.server.name],
        ...options,
        routes: [
          {
            method: "GET",
            path: "/say/:what",
            handle: ({ params }) => textResponse(200, `${params["what"]}`),
          },
          { method: "GET", path: "/long", handle: () => textResponse(200, LONG_TEXT) },
          {
            path: "/socket",
            webSocket: (socket) => ({
              frame(text) {
                const holdMs = Number(/^hold (\d+)/.exec(String(text))?.[1] ?? 0);
                socket.sendText(String(text));
                if (holdMs === 0) return;
                socket.pause();
                socket.context.after(holdMs, "go");
              },
              message: () => socket.resume(),
            }),
          },
        ],
      })));
  }

  async client(): Promise<LinePeer> {
    const { world } = freshHost(this.sim, "browser");
    const client = await LinePeer.connect(this.sim, world, this.server.name, PORT);
    client.read();
    return client;
  }

  request(path: string, method = "GET", fields = ""): string {
    return `${method} ${path} HTTP/1.1\r\nhost: ${this.server.name}\r\n${fields}\r\n`;
  }

  /** Asks, and waits for an answer that ends so. */
  async ask(client: LinePeer, request: string, end: string): Promise<void> {
    const from = client.text.length;
    await client.send(request);
    await this.sim.until(() => client.text.slice(from).endsWith(end), SOON_MS, `${end} to be answered`);
  }

  /** A client that has opened a WebSocket. */
  async socket(): Promise<SocketPeer> {
    const client = await this.client();
    const fields = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n" +
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    await this.ask(client, this.request("/socket", "GET", fields), "\r\n\r\n");
    assertStringIncludes(client.text, " 101 ");
    return new SocketPeer(this.sim, client);
  }
}

/** A client of a WebSocket that answers nothing by itself. */
class SocketPeer {
  readonly inputs: WebSocketInput[] = [];
  readonly peer: LinePeer;
  readonly #sim: SimWorld;

  constructor(sim: SimWorld, peer: LinePeer) {
    this.#sim = sim;
    this.peer = peer;
    const frames = webSocketFrames({ from: "server" });
    peer.heard = (bytes) => frames.push(bytes, this.inputs);
  }

  get texts(): unknown[] {
    return this.inputs.flatMap((input) => input.type === "message" ? [input.message] : []);
  }

  get closeCode(): number | undefined {
    const close = this.inputs.find(({ type }) => type === "close");
    return close?.type === "close" ? close.code : undefined;
  }

  async say(text: string): Promise<void> {
    await this.peer.sendBytes(encodeWebSocket(text, { mask: MASK }));
  }

  async pong(): Promise<void> {
    await this.peer.sendBytes(encodePing("pong", new Uint8Array(0), { mask: MASK }));
  }

  /** Sends a part of a message that never ends. */
  async drip(isFirst: boolean): Promise<void> {
    const part = encodeWebSocket("part", { mask: MASK });
    part[0] = isFirst ? 1 : 0;
    await this.peer.sendBytes(part);
  }

  /** Says something, and waits until it is answered with itself. */
  async ask(text: string): Promise<void> {
    await this.say(text);
    await this.#sim.until(() => this.texts.includes(text), SOON_MS, `${text} to be answered`);
  }
}

/** The next request has so much time, from the last answer on; who asks for an end has it. */
export async function requests(sim: SimWorld): Promise<void> {
  const requestTimeoutMs = sim.random.integer(300, 1500);
  const door = new Door(sim, { limits: { requestTimeoutMs } });
  const [talker, half, silent] = [await door.client(), await door.client(), await door.client()];
  const cameMs = sim.now;
  await half.send(door.request("/say/never").slice(0, -2));
  for (let count = 0; count < 5; count++) {
    await sim.advance(requestTimeoutMs * sim.random.between(0.3, 0.8));
    await door.ask(talker, door.request(`/say/${count}`), `\r\n\r\n${count}`);
  }
  const lastMs = sim.now;
  const more = [door.request("/say/head", "HEAD"), door.request("/say/one"), door.request("/say/two")];
  await door.ask(talker, more.join(""), "two");
  const [, head = "", one = ""] = talker.text.slice(talker.text.lastIndexOf("\r\n\r\n4") + 4).split(
    "HTTP/1.1",
  );
  assert(head.endsWith("\r\n\r\n"), "HEAD is answered with a body");
  assert(one.endsWith("\r\n\r\none"), "requests at once are answered in their order");
  await sim.until(
    () => talker.hasEnded && half.hasEnded && silent.hasEnded,
    SOON_MS,
    "the idle to be closed",
  );
  assertTime("who asks nothing", silent.endedAtMs - cameMs, requestTimeoutMs);
  assertTime("who asks half", half.endedAtMs - cameMs, requestTimeoutMs);
  assertStringIncludes(half.text, " 408 ");
  assertTime("who asks nothing more", talker.endedAtMs - lastMs, requestTimeoutMs);
  const last = await door.client();
  await door.ask(last, door.request("/long", "GET", "connection: close\r\n"), LONG_TEXT);
  await sim.advance(50);
  assertEquals([last.hasEnded, last.wasReset], [true, false], "who asks for an end has it");
}

/** Whom nothing is heard of is gone after two pings; whoever says anything, or may not, is there. */
export async function pings(sim: SimWorld): Promise<void> {
  const pingIntervalMs = sim.random.integer(300, 1500);
  const door = new Door(sim, { limits: { pingIntervalMs } });
  const [silent, talker, held, dripping] = [
    await door.socket(),
    await door.socket(),
    await door.socket(),
    await door.socket(),
  ];
  const cameMs = sim.now;
  const holdMs = Math.ceil(3.5 * pingIntervalMs);
  await held.ask(`hold ${holdMs}`);
  for (let part = 0; part < 24; part++) {
    await sim.advance(pingIntervalMs / 4);
    if (part % 2 === 0) await talker.pong();
    if (part >= 15) await held.ask(`still here ${part}`);
    if (dripping.peer.hasEnded) continue;
    await dripping.drip(part === 0).catch(() => {});
    await dripping.pong().catch(() => {});
  }
  assert(!talker.peer.hasEnded, "who answers each ping is gone");
  assert(silent.peer.hasEnded && silent.peer.endedAtMs - cameMs >= pingIntervalMs, "who is silent is gone");
  assertTime("who is silent", silent.peer.endedAtMs - cameMs, pingIntervalMs, 1.1 * pingIntervalMs);
  assertEquals(dripping.closeCode, 1008, "who drips is told so");
  await talker.ask("hello");
}

/** A close is answered; who stops says so. */
export async function closes(sim: SimWorld): Promise<void> {
  const door = new Door(sim, {});
  const [leaving, staying] = [await door.socket(), await door.socket()];
  const code = sim.random.pick([1000, 1001, 4000]);
  await leaving.peer.sendBytes(encodeClose(code, "", { mask: MASK }));
  await sim.until(() => leaving.peer.hasEnded, SOON_MS, "the connection to end");
  assertEquals([leaving.closeCode, leaving.peer.wasReset], [code, false]);
  await staying.ask("hello");
  await sim.settle(door.server.shutDown());
  await sim.until(() => staying.peer.hasEnded, SOON_MS, "the connection to end");
  assertEquals([staying.closeCode, staying.peer.wasReset], [1001, false]);
}
