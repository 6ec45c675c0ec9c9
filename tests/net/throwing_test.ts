import { assertEquals } from "@std/assert";
import { type Connection, type Session, tcpServer, type TcpServerCommand } from "../../actors/net/mod.ts";
import type { SocketAddress, World } from "../../actors/world/world.ts";
import type { Ref } from "../../mod.ts";
import { type FrameDecoder, lineFrames } from "../../protocols/frames.ts";
import { PATIENCE_MS, TestClient, until } from "../_helpers.ts";
import { quietWorld, run } from "./_net.ts";

/** What can be thrown that is no error as one expects it. */
const THROWN: readonly [string, unknown][] = [
  ["an error", new Error("as asked")],
  ["undefined", undefined],
  ["null", null],
  ["a text", "as asked"],
  ["an object that cannot be shown", {
    toString() {
      throw new Error("not even its text");
    },
  }],
  ["a frozen object without a prototype", Object.freeze(Object.create(null))],
];

/** Where a service's code runs. */
const PLACES = [
  "frames",
  "push",
  "session",
  "frame",
  "frame later",
  "message",
  "ended",
  "farewell",
  "closed",
] as const;
type Place = typeof PLACES[number];

/** Throws what is not an error as well: that is the point. */
function raise(thrown: unknown): never {
  throw thrown;
}

function decoder(place: Place, thrown: unknown): FrameDecoder<string> {
  if (place === "frames") raise(thrown);
  const lines = lineFrames();
  if (place !== "push") return lines;
  return { ...lines, idleFlushMs: 0, push: () => raise(thrown), idle() {}, end() {} };
}

function session(place: Place, thrown: unknown, connection: Connection<"go">): Session<string, "go"> {
  if (place === "session") raise(thrown);
  const when = (here: Place) => {
    if (place === here) raise(thrown);
  };
  return {
    frame(line) {
      if (line === "message") connection.self.tell("go");
      else if (line === "later") return Promise.reject(thrown);
      else if (line === "end") connection.end();
      else when("frame");
      return undefined;
    },
    message: () => when("message"),
    ended: () => when("ended"),
    farewell: () => when("farewell"),
    closed: () => when("closed"),
  };
}

/** What a client does so that the code in question runs. */
async function provoke(place: Place, client: TestClient): Promise<void> {
  const lines: Partial<Record<Place, string>> = { message: "message", "frame later": "later", closed: "end" };
  if (place === "ended") return await client.closeWrite();
  const data = place === "farewell" ? Uint8Array.of(0xff, 0x0a) : `${lines[place] ?? "go"}\n`;
  await client.send(data).catch(() => {});
}

for (const [what, thrown] of THROWN) {
  Deno.test(`tcp server: ${what} thrown anywhere closes that connection, counts it out, and is said once`, async () => {
    for (const place of PLACES) {
      const said: string[] = [];
      const world: World = {
        ...quietWorld(),
        log: {
          enabled: () => true,
          write: ({ level, actor }) => void (level === "error" && said.push(actor)),
        },
      };
      let isFirst = true;
      const now = () => isFirst ? place : undefined;
      await using server = run<TcpServerCommand>(
        tcpServer<string, "go">({
          address: { hostname: "127.0.0.1", port: 0 },
          frames: () => now() === undefined ? lineFrames() : decoder(place, thrown),
          session(connection) {
            if (now() !== undefined) return session(place, thrown, connection);
            return { frame: (line) => connection.sendText(`${line}\n`) };
          },
        }),
        world,
      );
      const { port } = await server.ref.ask<SocketAddress>((replyTo) => ({ type: "get-address", replyTo }), {
        timeoutMs: PATIENCE_MS,
      });
      using client = await TestClient.connect(port);
      await provoke(place, client);
      await client.closed();
      isFirst = false;
      const count = () =>
        server.ref.ask<number>((replyTo: Ref<number>) => ({ type: "get-client-count", replyTo }), {
          timeoutMs: PATIENCE_MS,
        });
      await until(async () => await count() === 0, `the end of the connection that failed in ${place}`);
      using next = await TestClient.connect(port);
      await next.send("still there\n");
      assertEquals(await next.line(), "still there");
      assertEquals(said.filter((actor) => actor.includes(client.address)).length, 1, `${place}: ${said}`);
    }
  });
}
