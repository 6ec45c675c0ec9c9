import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ActorStopped, ActorSystem, MailboxFull, type Overflow, restart } from "../../mod.ts";
import { Ring } from "../../actors/runtime/ring.ts";
import { backoffDelay, spendRestart } from "../../actors/runtime/supervision.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import "node:process";

// The same cases each time: a failure that comes and goes helps nobody.
fc.configureGlobal({ seed: 20_260_101 });

// ---- mailboxes

type Step =
  /** Messages told one after the other, with no turn in between. */
  | { readonly type: "tell" | "offer"; readonly count: number }
  /** The handler that waits is let go, well or badly. */
  | { readonly type: "release" | "fail" }
  /** One of the offers that wait is called off. */
  | { readonly type: "abort"; readonly index: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("tell" as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("offer" as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("release" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("abort" as const), index: fc.nat(5) }) },
);

/** What became of everything: who was handled, in order; what was lost, and why; how each offer ended. */
interface Outcome {
  readonly handled: number[];
  readonly lost: string[];
  readonly refused: number[];
  readonly offers: string[];
}

/** A mailbox as simple as it can be said. */
class Model {
  readonly outcome: Outcome = { handled: [], lost: [], refused: [], offers: [] };
  #queue: number[] = [];
  /** Those who wait for room; with policy drop-oldest also what was told after them. */
  #offers: { readonly message: number; readonly isTold: boolean }[] = [];
  #isBusy = false;
  readonly #capacity: number;
  readonly #overflow: Overflow;

  constructor(capacity: number, overflow: Overflow) {
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  tell(message: number): void {
    if (this.#offers.length === 0 && this.#queue.length < this.#capacity) this.#queue.push(message);
    else if (this.#overflow === "reject") this.outcome.refused.push(message);
    else if (this.#overflow === "drop-newest") this.outcome.lost.push(`${message} dropped-newest`);
    else {
      this.outcome.lost.push(`${this.#queue.shift()} dropped-oldest`);
      this.#offers.push({ message, isTold: true });
      this.#admit();
    }
  }

  offer(message: number): void {
    if (this.#offers.length > 0 || this.#queue.length >= this.#capacity) {
      this.#offers.push({ message, isTold: false });
    } else {
      this.#queue.push(message);
      this.outcome.offers.push(`${message} taken`);
    }
  }

  abort(index: number): number | undefined {
    const message = this.#offers.filter(({ isTold }) => !isTold)[index]?.message;
    if (message === undefined) return undefined;
    this.#offers = this.#offers.filter((offer) => offer.message !== message);
    this.outcome.offers.push(`${message} aborted`);
    return message;
  }

  release(): void {
    this.#isBusy = false;
  }

  /** The actor has had its turns. */
  rest(): void {
    if (this.#isBusy || this.#queue.length === 0) return;
    this.#isBusy = true;
    this.outcome.handled.push(this.#queue.shift() ?? NaN);
    this.#admit();
  }

  #admit(): void {
    while (this.#queue.length < this.#capacity) {
      const first = this.#offers.shift();
      if (first === undefined) return;
      this.#queue.push(first.message);
      if (!first.isTold) this.outcome.offers.push(`${first.message} taken`);
    }
  }

  stop(): void {
    for (const message of this.#queue) this.outcome.lost.push(`${message} stopped`);
    for (const { message, isTold } of this.#offers) {
      if (isTold) this.outcome.lost.push(`${message} stopped`);
      else this.outcome.offers.push(`${message} stopped`);
    }
  }
}

async function runMailbox(
  seed: number,
  capacity: number,
  overflow: Overflow,
  steps: readonly Step[],
): Promise<{ actual: Outcome; model: Outcome }> {
  const sim = simWorld({ seed });
  const system = new ActorSystem("test", { world: sim.host("a").world });
  const model = new Model(capacity, overflow);
  const actual: Outcome = { handled: [], lost: [], refused: [], offers: [] };
  system.events.subscribe((event) => {
    if (event.type === "dead-letter") actual.lost.push(`${event.message} ${event.reason}`);
  });
  let hold: PromiseWithResolvers<void> | undefined;
  const ref = system.spawn<number>("a", () => async (message) => {
    actual.handled.push(message);
    hold = Promise.withResolvers();
    await hold.promise;
  }, {
    onFailure: restart({ limit: 1_000_000 }),
    ...(capacity === Infinity ? {} : { mailbox: { capacity, overflow } }),
  });
  const controllers = new Map<number, AbortController>();
  let next = 0;
  for (const { type, ...rest } of steps) {
    switch (type) {
      case "tell":
        for (let i = 0; "count" in rest && i < rest.count; i++) {
          const message = next++;
          model.tell(message);
          try {
            ref.tell(message);
          } catch (error) {
            assert(error instanceof MailboxFull && error.rejected === message);
            actual.refused.push(message);
          }
        }
        break;
      case "offer":
        for (let i = 0; "count" in rest && i < rest.count; i++) {
          const message = next++;
          model.offer(message);
          const controller = new AbortController();
          controllers.set(message, controller);
          ref.offer(message, { signal: controller.signal }).then(
            () => actual.offers.push(`${message} taken`),
            (error) =>
              actual.offers.push(`${message} ${error instanceof ActorStopped ? "stopped" : "aborted"}`),
          );
        }
        break;
      case "release":
        model.release();
        hold?.resolve();
        break;
      case "fail":
        model.release();
        hold?.reject(new Error("told to"));
        break;
      case "abort": {
        const message = "index" in rest ? model.abort(rest.index) : undefined;
        if (message !== undefined) controllers.get(message)?.abort();
        break;
      }
    }
    await sim.advance(0);
    model.rest();
    assertEquals(actual.handled, model.outcome.handled);
  }
  hold?.resolve();
  model.stop();
  await sim.settle(system.stop());
  // What is refused when the actor stops is told in the order of the actor's own end.
  await sim.advance(0);
  sim.close();
  return { actual, model: model.outcome };
}

for (const overflow of ["reject", "drop-newest", "drop-oldest"] as const) {
  Deno.test(`property: a bounded mailbox that would ${overflow} does what the model does`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 40 }),
        async (seed, capacity, steps) => {
          const { actual, model } = await runMailbox(seed, capacity, overflow, steps);
          assertEquals(actual, model);
        },
      ),
      { numRuns: 150 },
    );
  });
}

Deno.test("property: an unbounded mailbox does what the model does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
      const { actual, model } = await runMailbox(seed, Infinity, "reject", steps);
      assertEquals(actual, model);
    }),
    { numRuns: 100 },
  );
});

Deno.test("property: many senders to many actors, some slow, some failing: order for each pair, nothing lost or doubled", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (seed, delays, senders) => {
        const sim = simWorld({ seed });
        const system = new ActorSystem("test", { world: sim.host("a", { logLevel: "error" }).world });
        const seen = new Map<string, number[]>();
        let handled = 0;
        const refs = delays.map((delay, index) =>
          system.spawn<[number, number]>(`r${index}`, (self) => ([sender, n]) => {
            handled++;
            const key = `${sender} ${index}`;
            seen.set(key, [...seen.get(key) ?? [], n]);
            if (delay === 5) throw new Error("told to");
            if (delay === 6) return Promise.reject(new Error("told to"));
            if (delay > 0 && n % 2 === 0) {
              return new Promise<void>((resolve) => self.world.clock.timer(delay, resolve));
            }
            return;
          }, { onFailure: restart({ limit: 1_000_000, backoff: { minMs: 0, maxMs: 3, jitter: 1 } }) })
        );
        for (let sender = 0; sender < senders; sender++) {
          system.spawn<number>(`s${sender}`, (self) => (n) => {
            for (const ref of refs) ref.tell([sender, n]);
            if (n < 15) self.self.tell(n + 1);
          }).tell(0);
        }
        await sim.until(() => handled === senders * refs.length * 16);
        for (const numbers of seen.values()) assertEquals(numbers, Array.from({ length: 16 }, (_, n) => n));
        await sim.settle(system.stop());
        assertEquals(system.deadLetters, 0);
        sim.close();
      },
    ),
    { numRuns: 60 },
  );
});

// ---- supervision, pure

Deno.test("property: the restart budget never allows more than its limit within its time, and never less", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 }),
      (limit, within, waits) => {
        const restarts: number[] = [];
        let times: readonly number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const recent = restarts.filter((time) => now - time < within).length;
          const spent = spendRestart(times, now, { limit, withinMs: within });
          assertEquals(spent.allowed, recent < limit);
          if (spent.allowed) restarts.push(now);
          times = spent.times;
          assert(times.length <= limit);
        }
      },
    ),
  );
});

Deno.test("property: a backoff stays between its bounds, does not shrink from attempt to attempt, and jitter only shortens", () => {
  const backoff = fc.tuple(fc.nat(1000), fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([min, more, jitter]) => ({ minMs: min, maxMs: min + more, jitter }));
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(backoff, fc.nat(2000), chance, (backoff, attempt, chance) => {
      const full = backoffDelay({ ...backoff, jitter: 0 }, attempt, chance);
      assert(full >= backoff.minMs && full <= backoff.maxMs);
      assert(backoffDelay({ ...backoff, jitter: 0 }, attempt + 1, chance) >= full);
      const wait = backoffDelay(backoff, attempt, chance);
      assert(wait <= full && wait >= full * (1 - backoff.jitter) - 1e-9);
    }),
  );
});

// ---- the ring

type RingStep =
  | { readonly type: "push" | "unshift"; readonly count: number }
  | { readonly type: "shift"; readonly count: number }
  | { readonly type: "swap"; readonly index: number }
  | { readonly type: "trim" };

const ringStep: fc.Arbitrary<RingStep> = fc.oneof(
  fc.record({ type: fc.constantFrom("push" as const, "unshift" as const), count: fc.nat(20) }),
  fc.record({ type: fc.constant("shift" as const), count: fc.nat(25) }),
  fc.record({ type: fc.constant("swap" as const), index: fc.nat(40) }),
  fc.record({ type: fc.constant("trim" as const) }),
);

Deno.test("property: a ring does what an array does", () => {
  fc.assert(
    fc.property(fc.array(ringStep, { maxLength: 60 }), (steps) => {
      const ring = new Ring<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of steps) {
        switch (step.type) {
          case "push":
            for (let i = 0; i < step.count; i++) {
              model.push(next);
              ring.push(next++);
            }
            break;
          case "unshift":
            for (let i = 0; i < step.count; i++) {
              model.unshift(next);
              ring.unshift(next++);
            }
            break;
          case "shift":
            for (let i = 0; i < step.count; i++) assertEquals(ring.shift(), model.shift());
            break;
          case "swap": {
            const [first, other] = [model[0], model[step.index]];
            if (first === undefined || other === undefined) break;
            [model[0], model[step.index]] = [other, first];
            ring.swapToFront(step.index);
            break;
          }
          case "trim":
            ring.trim();
        }
        assertEquals(ring.length, model.length);
        assert(ring.slots === 0 || Number.isInteger(Math.log2(ring.slots)));
      }
      while (model.length > 0) assertEquals(ring.shift(), model.shift());
      assertEquals([ring.shift(), ring.length], [undefined, 0]);
    }),
  );
});
