import { assert, assertEquals, assertMatch } from "@std/assert";
import { clockServer, type ClockServerOptions, type DatagramsCommand } from "../../actors/clock/mod.ts";
import { jokeServer } from "../../actors/joke/mod.ts";
import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { SocketAddress } from "../../actors/world/world.ts";
import { ActorSystem, type Behavior, escalate, type Ref } from "../../mod.ts";
import { deadline, until } from "../_helpers.ts";

interface Running extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly server: Ref<DatagramsCommand>;
  readonly address: SocketAddress;
}

type Make = (
  options: ClockServerOptions & { readonly onListening: (address: SocketAddress) => void },
) => Behavior<DatagramsCommand>;

async function start(make: Make, options: Partial<ClockServerOptions> = {}): Promise<Running> {
  const system = new ActorSystem("udp", { world: denoWorld({ log: { level: "error" } }) });
  const { promise, resolve } = Promise.withResolvers<SocketAddress>();
  const behavior = make({ address: { hostname: "127.0.0.1", port: 0 }, onListening: resolve, ...options });
  const server = system.spawn("server", behavior, { onFailure: escalate() });
  const address = await deadline(promise, undefined, "listening");
  return { system, server, address, [Symbol.asyncDispose]: () => system.stop() };
}

/** A UDP socket of a test. */
class TestSocket implements Disposable {
  readonly #socket: Deno.DatagramConn;
  #closed = false;

  constructor(hostname = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ hostname, port: 0, transport: "udp" });
  }

  get address(): Deno.NetAddr {
    const { addr } = this.#socket;
    if (addr.transport !== "udp") throw new TypeError("Cannot be");
    return addr;
  }

  async send(text: string, to: Deno.Addr): Promise<void> {
    await this.#socket.send(new TextEncoder().encode(text), to);
  }

  async sendBytes(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    await this.#socket.send(bytes, { hostname: to.hostname, port: to.port, transport: "udp" });
  }

  async receive(): Promise<[string, Deno.Addr]> {
    const [bytes, from] = await deadline(this.#socket.receive(), undefined, "a datagram");
    return [new TextDecoder().decode(bytes), from];
  }

  close(): void {
    if (!this.#closed) this.#socket.close();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A socket that asks one server and waits. */
class Asker extends TestSocket {
  readonly #to: SocketAddress;

  constructor(to: SocketAddress, hostname?: string) {
    super(hostname);
    this.#to = to;
  }

  /** Sends and does not wait. */
  async tell(request: string | Uint8Array): Promise<void> {
    await this.sendBytes(typeof request === "string" ? new TextEncoder().encode(request) : request, this.#to);
  }

  /**
   * Asks again each second, as one does where datagrams may be lost: a flood beside it fills the server's
   * socket.
   */
  async askAgain(request: string): Promise<string> {
    const asking = setInterval(() => void this.tell(request).catch(() => {}), 1000);
    try {
      return await this.ask(request);
    } finally {
      clearInterval(asking);
    }
  }

  async ask(request: string | Uint8Array): Promise<string> {
    await this.tell(request);
    const [answer] = await this.receive();
    return answer;
  }
}

Deno.test("clock: dates, times, and an error for all else, of any size, in any order", async () => {
  await using clock = await start(clockServer, { utc: true });
  using asker = new Asker(clock.address);
  assertMatch(await asker.ask("SEND_DATE"), /^\d{4}-\d\d-\d\d$/);
  assertMatch(await asker.ask("SEND_TIME"), /^\d\d:\d\d:\d\d$/);
  const unknown = [
    "",
    "send_date",
    "\u0000",
    "SEND_TIME".repeat(7000),
    new Uint8Array(65_507),
    Uint8Array.of(0xff),
  ];
  for (const request of unknown) {
    const answer = await asker.ask(request);
    assertEquals(answer, "Error: unknown request");
  }
  assertMatch(await asker.ask("SEND_DATE"), /^\d{4}-\d\d-\d\d$/);
});

Deno.test("joke: whatever the datagram, the answer is Ok", async () => {
  await using joke = await start(jokeServer);
  using asker = new Asker(joke.address);
  for (const request of ["I could tell you a joke", "", new Uint8Array(65_507).fill(0xff), "ok?"]) {
    assertEquals(await asker.ask(request), "Ok");
  }
});

Deno.test("clock: an address over the limit is not answered, by whatever ports it comes, and another is meanwhile", async () => {
  await using clock = await start(clockServer, { maxPerSecond: 10 });
  using flooder = new Asker(clock.address);
  using other = new Asker(clock.address, "127.0.0.2");
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 25; index++) await flooder.tell("SEND_TIME");
    using comesBack = new Asker(clock.address);
    await comesBack.tell("SEND_TIME");
    if (round < 5) assertMatch(await other.askAgain("SEND_DATE"), /^\d{4}-/);
  }
  // Whatever comes is answered in order: what the flooder is owed is there before this answer.
  let answers = 0;
  const counting = (async () => {
    while (true) {
      await flooder.receive();
      answers++;
    }
  })().catch(() => {});
  await until(() => answers >= 5, "the answers within the limit");
  flooder.close();
  await counting;
  assert(answers < 400, `${answers} of 500 were answered`);
  assertMatch(await other.askAgain("SEND_DATE"), /^\d{4}-/);
});

Deno.test("clock: of 10,000 peers no more are remembered than allowed, and all were answered", async () => {
  await using clock = await start(clockServer, { maxPeers: 100, maxPerSecond: 0 });
  let answered = 0;
  for (let batch = 0; batch < 100; batch++) {
    const askers = Array.from({ length: 100 }, () => new Asker(clock.address));
    try {
      const answers = await Promise.all(askers.map((asker) => asker.ask("SEND_DATE")));
      answered += answers.filter((answer) => /^\d{4}-/.test(answer)).length;
    } finally {
      for (const asker of askers) asker.close();
    }
  }
  assertEquals(answered, 10_000);
  const peers = await clock.server.ask<number>((replyTo) => ({ type: "get-peer-count", replyTo }), {
    timeoutMs: 5000,
  });
  assert(peers <= 100, `${peers} peers are remembered`);
});

Deno.test("datagram client: a lost answer is asked for again, three times, and what others send is ignored", async () => {
  using server = new TestSocket();
  using stranger = new TestSocket();
  const { address } = server;
  await using system = new ActorSystem("client", { world: denoWorld({ log: { level: "error" } }) });
  const client = system.spawn("client", datagramClient({ server: address, retryMs: 500 }));
  const ask = (text: string, answers?: (text: string) => boolean) =>
    client.ask<DatagramOutcome>(
      (replyTo) => ({ type: "ask", text, replyTo, ...(answers ? { answers } : {}) }),
      { timeoutMs: 10_000 },
    );
  const first = ask("one");
  for (let attempt = 0; attempt < 2; attempt++) {
    assertEquals((await server.receive())[0], "one");
  }
  const [, from] = await server.receive();
  await stranger.send("lie", from);
  await server.send("truth", from);
  const outcome = await first;
  assert(outcome.type === "answered");
  assertEquals([outcome.text, outcome.attempts, outcome.from.port], ["truth", 3, address.port]);

  // An answer to the question before comes late: it is not taken for one to this.
  const second = ask("two", (text) => text === "second truth");
  await server.receive();
  await server.send("truth", from);
  await server.send("second truth", from);
  const outcome2 = await second;
  assert(outcome2.type === "answered" && outcome2.text === "second truth");

  const third = ask("three");
  for (let attempt = 0; attempt < 4; attempt++) {
    await server.receive();
  }
  const lost = await third;
  assertEquals([lost.type, lost.attempts], ["lost", 4]);
});
