import { assertEquals } from "@std/assert";
import { type CloseReason, type Connection, tcpServer, type TcpServerOptions } from "../../actors/net/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { ActorSystem } from "../../mod.ts";
import { type FrameDecoder, lineFrames } from "../../protocols/frames.ts";
import { inWorlds } from "../_worlds.ts";

const MINUTE = 60_000;
/** More than hosts take for a client that does not read. */
const BULK_BYTES = 1_000_000;

/** A server of lines on a simulated host, and why its connections ended. */
function listen(
  sim: SimWorld,
  options: Partial<TcpServerOptions<string>>,
): { system: ActorSystem; over: CloseReason[] } {
  const over: CloseReason[] = [];
  const system = new ActorSystem("server", { world: sim.host("server").world });
  const server = tcpServer<string>({
    address: { hostname: "::", port: 80 },
    frames: () => lineFrames({ idleFlushMs: 0 }),
    session: (connection) => ({
      frame(line) {
        if (line === "login") connection.loggedIn();
        connection.sendText(`${line}\n`);
      },
      closed: (reason) => void over.push(reason),
    }),
    ...options,
  });
  system.spawn("server", server);
  return { system, over };
}

/** A client on a host of its own, and what it heard. */
class Client {
  readonly #sim: SimWorld;
  readonly #connection: TcpConnection;
  heard = "";
  hasEnded = false;

  private constructor(sim: SimWorld, connection: TcpConnection) {
    this.#sim = sim;
    this.#connection = connection;
    this.#read();
  }

  static async connect(sim: SimWorld, host: string): Promise<Client> {
    const { net } = sim.host(host).world;
    return new Client(sim, await sim.settle(net.connectTcp({ hostname: "server", port: 80 })));
  }

  #read(): void {
    const buffer = new Uint8Array(1024);
    this.#connection.read(buffer).then((count) => {
      if (count === null) this.hasEnded = true;
      else {
        this.heard += new TextDecoder().decode(buffer.subarray(0, count));
        this.#read();
      }
    }, () => this.hasEnded = true);
  }

  async say(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#sim.settle(this.#connection.write(bytes)));
  }

  close(): void {
    this.#connection.close();
  }
}

/** A client reads what it was sent in bulk. */
async function readBulk(sim: SimWorld, client: TcpConnection): Promise<void> {
  const buffer = new Uint8Array(65536);
  for (let read = 0; read < BULK_BYTES;) read += await sim.settle(client.read(buffer)) ?? Infinity;
}

Deno.test("tcp server: of a full server the client that was cut off longest makes room after vanishedMs, and one that talks never", () =>
  inWorlds(async (sim) => {
    const { system, over } = listen(sim, { limits: { maxClients: 3, vanishedMs: 10 * MINUTE } });
    const first = await Client.connect(sim, "first");
    await sim.advance(MINUTE);
    const second = await Client.connect(sim, "second");
    const talker = await Client.connect(sim, "talker");
    sim.net.partition(["first", "second"], ["server"]);
    const clients: Client[] = [first, second, talker];
    for (let minute = 0; minute < 8; minute++) {
      await talker.say("here\n");
      await sim.advance(MINUTE);
      const early = await Client.connect(sim, `early-${minute}`);
      await sim.until(() => early.hasEnded, MINUTE);
      assertEquals(early.heard, "Server is full. Please try again later.\n");
      early.close();
    }
    await talker.say("here\n");
    await sim.advance(2 * MINUTE);
    const next = await Client.connect(sim, "next");
    await next.say("in\n");
    await sim.until(() => next.heard === "in\n", MINUTE);
    clients.push(next);
    // The first place only: the second client has been silent for less.
    assertEquals(over.filter(({ type }) => type === "vanished").length, 1);
    await talker.say("still here\n");
    await sim.until(() => talker.heard.endsWith("still here\n"), MINUTE);
    for (const client of clients) client.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: a login has its time from the start and from each whole message, and not without end", () =>
  inWorlds(async (sim) => {
    const { system, over } = listen(sim, { login: true, limits: { loginTimeoutMs: 1000 } });
    const trickle = await Client.connect(sim, "trickle");
    const wrong = await Client.connect(sim, "wrong");
    const right = await Client.connect(sim, "right");
    await right.say("login\n");
    for (let tenth = 0; tenth < 100; tenth++) {
      if (!trickle.hasEnded) await trickle.say("x").catch(() => {});
      if (tenth % 8 === 0 && !wrong.hasEnded) await wrong.say("wrong\n").catch(() => {});
      await sim.advance(100);
      if (tenth === 15) assertEquals([trickle.hasEnded, wrong.hasEnded], [true, false]);
    }
    await sim.advance(2000);
    assertEquals([trickle.hasEnded, wrong.hasEnded, right.hasEnded], [true, true, false]);
    assertEquals(trickle.heard, "Error: you did not log in in time\n");
    assertEquals(over.map((reason) => reason.type), ["late", "late"]);
    for (const client of [trickle, wrong, right]) client.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: who talks is never idle, however long it does, and idleTimeoutMs after its last word it is", () =>
  inWorlds(async (sim) => {
    const { system, over } = listen(sim, { limits: { idleTimeoutMs: 10_000 } });
    const talker = await Client.connect(sim, "talker");
    // Words that come just before it is looked at, and just after: then nearly all of the time is silence.
    for (let word = 0; word < 10; word++) {
      await talker.say("here\n");
      await sim.advance(word % 2 === 0 ? 9400 : 600);
    }
    await sim.advance(9000);
    assertEquals(over, []);
    await sim.advance(1000);
    assertEquals(over, [{ type: "idle" }]);
    talker.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: who is not read from is not idle, and its time begins when it is read from again", () =>
  inWorlds(async (sim) => {
    let paused: Connection | undefined;
    const over: CloseReason[] = [];
    const { system } = listen(sim, {
      limits: { idleTimeoutMs: 1000 },
      session: (connection) => ({
        frame() {
          paused = connection;
          connection.pause();
        },
        closed: (reason) => void over.push(reason),
      }),
    });
    const client = await Client.connect(sim, "client");
    await client.say("pause\n");
    await sim.advance(10_000);
    assertEquals(over, []);
    paused?.resume();
    await sim.advance(3000);
    assertEquals(over, [{ type: "idle" }]);
    client.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: who has something to read yet is not idle, and its time begins when it has read all", () =>
  inWorlds(async (sim) => {
    let answers: Connection | undefined;
    const over: CloseReason[] = [];
    const { system } = listen(sim, {
      limits: { idleTimeoutMs: 1000 },
      session: (connection) => ({
        frame() {
          answers = connection;
          connection.send(new Uint8Array(BULK_BYTES));
        },
        closed: (reason) => void over.push(reason),
      }),
    });
    const { net } = sim.host("slow").world;
    const slow = await sim.settle(net.connectTcp({ hostname: "server", port: 80 }));
    await sim.settle(slow.write(new TextEncoder().encode("\n")));
    await sim.advance(5000);
    assertEquals([over, (answers?.queuedBytes ?? 0) > 0], [[], true]);
    await readBulk(sim, slow);
    await sim.advance(500);
    assertEquals(over, []);
    await sim.advance(3000);
    assertEquals(over, [{ type: "idle" }]);
    slow.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: who was kept waiting between two looks is not idle at the second; who is only told things is", () =>
  inWorlds(async (sim) => {
    const served = new Map<string, Connection>();
    const over: string[] = [];
    const { system } = listen(sim, {
      limits: { idleTimeoutMs: 1000 },
      session: (connection) => {
        let name = "";
        return {
          frame(line) {
            name = line;
            served.set(name, connection);
          },
          closed: (reason) => void over.push(`${name} ${reason.type}`),
        };
      },
    });
    const [told, paused] = [await Client.connect(sim, "told"), await Client.connect(sim, "paused")];
    const { net } = sim.host("slow").world;
    const slow = await sim.settle(net.connectTcp({ hostname: "server", port: 80 }));
    await told.say("told\n");
    await paused.say("paused\n");
    await sim.settle(slow.write(new TextEncoder().encode("slow\n")));
    await sim.until(() => served.size === 3, MINUTE);
    // All of it before anybody looks at who is silent.
    served.get("slow")?.send(new Uint8Array(BULK_BYTES));
    served.get("paused")?.pause();
    await sim.advance(300);
    served.get("told")?.sendText("news\n");
    served.get("paused")?.resume();
    await readBulk(sim, slow);
    await sim.until(() => over.length > 0, MINUTE);
    await sim.advance(200);
    assertEquals(over, ["told idle"]);
    await sim.advance(2000);
    assertEquals(over.length, 3);
    slow.close();
    told.close();
    paused.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: an unfinished line is a message idleFlushMs after its last piece, not after its first", () =>
  inWorlds(async (sim) => {
    const { system } = listen(sim, { frames: () => lineFrames({ idleFlushMs: 1000 }) });
    const client = await Client.connect(sim, "client");
    for (const piece of ["one", " of", " three"]) {
      await client.say(piece);
      await sim.advance(700);
    }
    assertEquals(client.heard, "");
    await sim.advance(500);
    assertEquals(client.heard, "one of three\n");
    client.close();
    await sim.settle(system.stop());
  }));

Deno.test("tcp server: from who does not read what it is sent nothing is taken, not even a part of a line", () =>
  inWorlds(async (sim) => {
    let taken = 0;
    const frames = (): FrameDecoder<string> => ({
      idleFlushMs: 0,
      // The first byte is a message; whatever comes then is a part of one.
      push(chunk, messages) {
        if (taken === 0) messages.push("go");
        taken += chunk.length;
      },
      idle() {},
      end() {},
    });
    let answers: Connection | undefined;
    const { system } = listen(sim, {
      frames,
      session: (connection) => ({
        frame() {
          answers = connection;
          connection.send(new Uint8Array(BULK_BYTES));
        },
      }),
    });
    const { net } = sim.host("deaf").world;
    const deaf = await sim.settle(net.connectTcp({ hostname: "server", port: 80 }));
    await sim.settle(deaf.write(new Uint8Array(1)));
    await sim.until(() => answers !== undefined, MINUTE);
    await sim.settle(deaf.write(new Uint8Array(1)));
    await sim.advance(1000);
    assertEquals([taken, (answers?.queuedBytes ?? 0) > 0], [1, true]);
    await readBulk(sim, deaf);
    await sim.until(() => taken === 2, MINUTE);
    deaf.close();
    await sim.settle(system.stop());
  }));
