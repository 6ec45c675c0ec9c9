import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BufferPool } from "../../actors/net/_buffers.ts";
import { Flusher } from "../../actors/net/_flusher.ts";
import { Outbound } from "../../actors/net/_outbound.ts";
import type { Clock, EventLoop } from "../../actors/world/world.ts";
import type { Transport } from "../../actors/net/transport.ts";

/** A write under way: what the kernel was given, and how it ends. */
interface Write {
  readonly bytes: Uint8Array;
  /** Takes so many of the bytes, as they are now: a buffer that somebody else has got meanwhile shows. */
  take(count: number): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A clock whose timers run when told, and a loop that runs what is due when told. */
class Hand implements Pick<Clock, "timer">, Pick<EventLoop, "soon"> {
  readonly timers = new Set<() => void>();
  #soon: (() => void)[] = [];

  timer(_delayMs: number, task: () => void) {
    this.timers.add(task);
    return { cancel: () => void this.timers.delete(task) };
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  /** Runs what is due; says how much that was. */
  turn(): number {
    const due = this.#soon.splice(0);
    for (const task of due) task();
    return due.length;
  }

  /** Lets the time of all timers come. */
  tick(): void {
    for (const task of [...this.timers]) {
      this.timers.delete(task);
      task();
    }
  }
}

/** A queue of one connection, with everything around it in hand. */
class Bench {
  readonly hand = new Hand();
  readonly clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    utcOffsetMinutes: () => 0,
    timeZone: () => "UTC",
    timer: (ms, task) => this.hand.timer(ms, task),
  };
  readonly writes: Write[] = [];
  readonly taken: number[] = [];
  readonly events: string[] = [];
  readonly outbound: Outbound;

  constructor(buffers = new BufferPool(), flusher?: Flusher) {
    const loop: EventLoop = { soon: (task) => this.hand.soon(task), afterPoll() {}, nextTurn() {} };
    const end = { hostname: "127.0.0.1", port: 1 };
    const transport: Transport = {
      localAddress: end,
      remoteAddress: end,
      receive: () => Promise.resolve(null),
      send: (bytes) => this.#write(bytes),
      closeWrite: () => Promise.resolve(),
      close() {},
    };
    this.outbound = new Outbound(
      transport,
      { timers: this.clock, buffers, flusher: flusher ?? new Flusher(loop) },
      1000,
      {
        written: (count) => void this.events.push(`written ${count}`),
        stalled: () => void this.events.push("stalled"),
        failed: (error) => void this.events.push(`failed ${error}`),
      },
    );
  }

  #write(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.writes.push({
      bytes,
      take: async (count) => {
        this.taken.push(...bytes.subarray(0, count));
        resolve(count);
        await settled();
      },
      fail: async (error) => {
        reject(error);
        await settled();
      },
    });
    return promise;
  }

  /** Takes all that is there, piece by piece, until nothing is left. */
  async drain(pieceBytes = Infinity): Promise<void> {
    this.hand.turn();
    for (let write; (write = this.writes.shift()) !== undefined;) {
      await write.take(Math.min(pieceBytes, write.bytes.length));
    }
  }
}

/** Lets what hangs on a promise happen. */
async function settled(): Promise<void> {
  for (let hop = 0; hop < 4; hop++) await Promise.resolve();
}

const utf8 = new TextEncoder();

Deno.test("outbound: what is queued in one go goes out as one write", async () => {
  const bench = new Bench();
  bench.outbound.push(Uint8Array.of(1, 2));
  bench.outbound.pushText("three");
  bench.outbound.push(Uint8Array.of(4));
  assertEquals(bench.writes.length, 0);
  assertEquals(bench.hand.turn(), 1);
  assertEquals(bench.writes.map(({ bytes }) => bytes.length), [8]);
  await bench.drain();
  assertEquals(bench.taken, [1, 2, ...utf8.encode("three"), 4]);
  assertEquals(bench.events, ["written 8"]);
});

Deno.test("outbound: what is queued during a write goes out as the next one, and only then", async () => {
  const bench = new Bench();
  bench.outbound.push(Uint8Array.of(1));
  bench.hand.turn();
  for (let byte = 2; byte <= 100; byte++) bench.outbound.push(Uint8Array.of(byte));
  assertEquals([bench.hand.turn(), bench.writes.length], [0, 1]);
  await bench.writes.shift()?.take(1);
  assertEquals(bench.writes.map(({ bytes }) => bytes.length), [99]);
  await bench.drain();
  assertEquals(bench.taken, Array.from({ length: 100 }, (_, index) => index + 1));
});

Deno.test("outbound: connections that share a flusher begin their writes together, scheduled once", () => {
  const hand = new Hand();
  const flusher = new Flusher({ soon: (task) => hand.soon(task), afterPoll() {}, nextTurn() {} });
  const buffers = new BufferPool();
  const benches = Array.from({ length: 5 }, () => new Bench(buffers, flusher));
  for (const { outbound } of benches) outbound.push(Uint8Array.of(1));
  benches[2]?.outbound.close();
  assertEquals(hand.turn(), 1);
  assertEquals(benches.map(({ writes }) => writes.length), [1, 1, 0, 1, 1]);
  benches[0]?.outbound.push(Uint8Array.of(2));
  assertEquals(hand.turn(), 0, "the write that is under way takes it along");
});

Deno.test("outbound: whatever is queued, and however little a write takes, comes out whole and in order", async () => {
  const piece = fc.oneof(
    fc.record({ type: fc.constant("bytes" as const), bytes: fc.uint8Array({ maxLength: 9000 }) }),
    fc.record({ type: fc.constant("text" as const), text: fc.string({ unit: "binary", maxLength: 2000 }) }),
    fc.record({ type: fc.constant("turn" as const) }),
    fc.record({ type: fc.constant("take" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const buffers = new BufferPool();
      const bench = new Bench(buffers);
      // Another connection of the same server, which is lent buffers from the same pool.
      const other = new Bench(buffers);
      const expected: number[] = [];
      for (const piece of pieces) {
        if (piece.type === "bytes" || piece.type === "text") {
          const bytes = piece.type === "bytes" ? piece.bytes : utf8.encode(piece.text);
          expected.push(...bytes);
          if (piece.type === "bytes") bench.outbound.push(piece.bytes);
          else bench.outbound.pushText(piece.text);
          other.outbound.push(bytes.slice().fill(0xee));
        } else if (piece.type === "turn") {
          bench.hand.turn();
          await other.drain(100);
        } else {
          const write = bench.writes.shift();
          if (write !== undefined) await write.take(Math.max(1, Math.floor(piece.part * write.bytes.length)));
        }
        assert(bench.writes.length <= 1, "one write at a time");
        assertEquals(bench.outbound.queuedBytes, expected.length - bench.taken.length);
      }
      await bench.drain();
      assert(
        expected.length === bench.taken.length && expected.every((byte, at) => byte === bench.taken[at]),
      );
      assertEquals(bench.outbound.queuedBytes, 0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("outbound: the caller's array is the caller's again as soon as it is queued", async () => {
  const bench = new Bench();
  const bytes = Uint8Array.of(1, 2, 3);
  bench.outbound.push(bytes);
  bytes.fill(9);
  await bench.drain();
  assertEquals(bench.taken, [1, 2, 3]);
});

Deno.test("outbound: a write under which nothing moves is stalled; one that moves, or none, is not", async () => {
  const bench = new Bench();
  bench.outbound.push(new Uint8Array(10));
  bench.hand.turn();
  for (let round = 0; round < 10; round++) {
    for (let check = 0; check < 3; check++) bench.hand.tick();
    assertEquals(bench.events.includes("stalled"), false);
    await bench.writes.shift()?.take(1);
  }
  assertEquals(bench.outbound.queuedBytes, 0);
  bench.hand.tick();
  assertEquals(bench.hand.timers.size, 0, "nobody looks at a queue that is empty");
  bench.outbound.push(Uint8Array.of(1));
  bench.hand.turn();
  for (let check = 0; check < 4; check++) bench.hand.tick();
  assertEquals(bench.events.at(-1), "stalled");
});

Deno.test("outbound: once closed it writes nothing, tells nothing and holds nothing", async () => {
  const bench = new Bench();
  bench.outbound.push(Uint8Array.of(1));
  bench.hand.turn();
  bench.outbound.push(Uint8Array.of(2));
  bench.outbound.close();
  await bench.writes.shift()?.take(1);
  assertEquals([bench.writes.length, bench.outbound.queuedBytes, bench.hand.timers.size], [0, 0, 0]);
  assertEquals(bench.events, []);
});

Deno.test("outbound: a write that fails is told, one that fails after the close is not", async () => {
  const bench = new Bench();
  bench.outbound.push(Uint8Array.of(1));
  bench.hand.turn();
  await bench.writes.shift()?.fail("broken pipe");
  assertEquals(bench.events, ["failed broken pipe"]);
  const closed = new Bench();
  closed.outbound.push(Uint8Array.of(1));
  closed.hand.turn();
  closed.outbound.close();
  await closed.writes.shift()?.fail("broken pipe");
  assertEquals(closed.events, []);
});

Deno.test("buffers: never lent twice at once, as large as asked for, and used again", () => {
  const buffers = new BufferPool();
  for (const bytes of [1, 512, 513, 4096, 5000, 16384, 20_000, 65536]) {
    const first = buffers.take(bytes);
    const second = buffers.take(bytes);
    assert(first.length >= bytes && second.length >= bytes && first !== second);
    buffers.give(first);
    assert(buffers.take(bytes) === first);
  }
  assert(buffers.take(100_000).length >= 100_000);
});
