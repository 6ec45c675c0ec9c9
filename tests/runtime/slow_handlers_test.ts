import { assert, assertEquals } from "@std/assert";
import { ActorSystem, denoWorld, resume, stop, type World } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

/** A world whose time goes by only where a handler says so, and that notes each look at sockets. */
function steppedWorld() {
  const real = denoWorld();
  let now = 0;
  let sinceLooked = 0;
  let worst = 0;
  const looked = (task: () => void) => () => {
    sinceLooked = 0;
    task();
  };
  const world: World = {
    ...real,
    clock: { ...real.clock, now: () => now, monotonic: () => now, timer: () => ({ cancel() {} }) },
    loop: {
      soon: (task) => queueMicrotask(task),
      nextTurn: (task) => setTimeout(looked(task), 0),
      afterPoll: (task) => setTimeout(looked(task), 0),
    },
  };
  return {
    world,
    /** A handler begins, after this much work without a look. */
    work(ms: number) {
      worst = Math.max(worst, sinceLooked);
      now += ms;
      sinceLooked += ms;
    },
    get worst() {
      return worst;
    },
    get now() {
      return now;
    },
  };
}

/** Stops a system, and lets the turns of the loop that it has asked for go by. */
async function stopped(system: ActorSystem): Promise<void> {
  await deadline(system.stop());
  await new Promise((resolve) => setTimeout(resolve, 5));
}

type Job = { readonly type: "quick" | "slow"; readonly ms: number };
const QUICK: Job = { type: "quick", ms: 0.0001 };
const SLOW: Job = { type: "slow", ms: 10 };

const jobs = (quick: number, slow: number) => [
  ...Array.from({ length: quick }, () => QUICK),
  ...Array.from({ length: slow }, () => SLOW),
];

const alternating = Array.from({ length: 500 }, (_, i) => i % 10 === 9 ? SLOW : QUICK);

/** What is told, to how many actors by turns. */
const BACKLOGS: Readonly<Record<string, readonly [readonly Job[], number]>> = {
  "1,000 quick messages, then 100 of 10 ms": [jobs(1000, 100), 1],
  "100,000 quick messages, then 100 of 10 ms": [jobs(100_000, 100), 1],
  "slow ones from the first on": [jobs(0, 100), 1],
  "each tenth slow": [alternating, 1],
  "the same, over a hundred actors": [jobs(1000, 100), 100],
  "each tenth slow, over ten actors": [alternating, 10],
};

for (const [what, [backlog, actors]] of Object.entries(BACKLOGS)) {
  Deno.test(`fairness: ${what}: sockets are looked at before a handler follows 2 ms of others`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    const done = Promise.withResolvers<void>();
    let left = backlog.length;
    const refs = Array.from({ length: actors }, (_, i) =>
      system.spawn<Job>(`a${i}`, (self) => ({ ms }) => {
        stepped.work(ms);
        // What is read of a clock that is not asked each time is no older than that either.
        assert(stepped.now - self.coarseNow <= 12);
        if (--left === 0) done.resolve();
      }));
    for (const [i, job] of backlog.entries()) refs[i % actors]?.tell(job);
    await deadline(done.promise);
    assertEquals(stepped.worst <= 10, true, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}

/** Messages that do not say what they cost. */
const ALIKE: Readonly<Record<string, (ms: number) => unknown>> = {
  "objects of one type": (ms) => ({ type: "work", ms }),
  "objects without a type": (ms) => ({ ms }),
  "numbers": (ms) => ms,
  "texts, each another": (ms) => `${ms} ${texts++}`,
  "arrays": (ms) => [ms],
};
let texts = 0;

const times = (count: number, ms: number): number[] => Array(count).fill(ms);

/** Milliseconds that the handlers take, one after the other, and over how many actors by turns. */
const SURPRISES: Readonly<Record<string, readonly [readonly number[], number]>> = {
  "1,000 are quick and 20 slow": [[...times(1000, 0.0001), ...times(20, 10)], 1],
  "4,000 are quick and 20 slow": [[...times(4000, 0.0001), ...times(20, 10)], 1],
  "20 and 20 by turns": [
    Array.from({ length: 4 }, (_, i) => times(20, i % 2 === 0 ? 0.0001 : 10)).flat(),
    1,
  ],
  "they alternate": [Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? 0.0001 : 10), 1],
  "the first is slow, and then each seventh": [
    Array.from({ length: 140 }, (_, i) => i % 7 === 0 ? 10 : 0.0001),
    1,
  ],
  "they are 1.5 ms each": [times(20, 1.5), 1],
  "10,000 are quick and 20 slow, over ten actors": [[...times(10_000, 0.0001), ...times(20, 10)], 10],
  "each eleventh is slow, over ten actors": [
    Array.from({ length: 220 }, (_, i) => i % 11 === 0 ? 10 : 0.0001),
    10,
  ],
};

for (const [what, message] of Object.entries(ALIKE)) {
  for (const [when, [costs, actors]] of Object.entries(SURPRISES)) {
    Deno.test(`fairness: ${what}: where ${when}, no handler follows 2 ms of others`, async () => {
      const stepped = steppedWorld();
      const system = new ActorSystem("test", { world: stepped.world });
      const done = Promise.withResolvers<void>();
      let left = costs.length;
      const refs = Array.from({ length: actors }, (_, i) => {
        // An actor's messages are in the order in which they were told.
        const own = costs.filter((_, message) => message % actors === i);
        return system.spawn<unknown>(`a${i}`, () => () => {
          stepped.work(own.shift() ?? 0);
          if (--left === 0) done.resolve();
        });
      });
      for (const [i, ms] of costs.entries()) refs[i % actors]?.tell(message(ms));
      await deadline(done.promise);
      assert(stepped.worst <= Math.max(2, ...costs), `${stepped.worst} ms went by`);
      await stopped(system);
    });
  }
}

/** Quick messages of one kind, and slow ones of it right behind them; so many handlers may surprise. */
const SUDDEN: readonly (readonly [quick: number, most: number])[] = [[100_000, 8], [200_000, 32]];

for (const [quick, most] of SUDDEN) {
  Deno.test(`fairness: one kind that was quick ${quick} times and is slow at once is found out after ${most}, and timed from then on`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    const done = Promise.withResolvers<void>();
    const costs = [...times(quick, 0.0001), ...times(200, 10)];
    let handled = 0;
    const before: number[] = [];
    const ref = system.spawn<{ type: "work" }>("a", () => () => {
      before.push(stepped.worst);
      stepped.work(costs[handled++] ?? 0);
      if (handled === costs.length) done.resolve();
    });
    for (const _ of costs) ref.tell({ type: "work" });
    await deadline(done.promise);
    assert(stepped.worst <= most * 10, `${stepped.worst} ms went by`);
    // The worst was at the first surprise.
    assertEquals(stepped.worst, before[quick + most + 1]);
    await stopped(system);
  });
}

/** Many actors, each quick for so many messages of its own, all of one kind. */
const CROWDS: readonly (readonly [actors: number, quickEach: number])[] = [
  [60, 1],
  [120, 1],
  [120, 100],
  [1000, 3],
  [1000, 200],
  [20_000, 1],
];

for (const [actors, quickEach] of CROWDS) {
  Deno.test(`fairness: ${actors} actors that were quick, ${quickEach} times each, and later are slow at once are found out after 8 handlers`, async () => {
    const stepped = steppedWorld();
    const system = new ActorSystem("test", { world: stepped.world });
    let { promise: allDone, resolve } = Promise.withResolvers<void>();
    let left = actors * quickEach;
    const refs = Array.from({ length: actors }, (_, i) =>
      system.spawn<number>(`a${i}`, () => (ms) => {
        stepped.work(ms);
        if (--left === 0) resolve();
      }));
    for (const ms of times(quickEach, 0.0001)) for (const ref of refs) ref.tell(ms);
    await deadline(allDone);
    // A pause, as there is between what comes by sockets.
    for (const _ of times(3, 0)) await new Promise((next) => setTimeout(next, 1));
    ({ promise: allDone, resolve } = Promise.withResolvers<void>());
    const slow = refs.slice(0, 200);
    left = slow.length;
    for (const ref of slow) ref.tell(10);
    await deadline(allDone);
    assert(stepped.worst <= 8 * 10, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}

/** Actors that were quick once, and then work and fail, a hundred times together. */
async function failing(
  system: ActorSystem,
  work: () => void,
  { actors, waits }: { actors: number; waits: boolean },
): Promise<void> {
  const fail = () => {
    work();
    throw new Error("told to");
  };
  const refs = Array.from(
    { length: actors },
    (_, i) =>
      system.spawn<"quick" | "fail">(`a${i}`, () => (message) => {
        if (message === "quick") return;
        return waits ? Promise.resolve().then(fail) : fail();
      }, { onFailure: resume() }),
  );
  for (const ref of refs) ref.tell("quick");
  await new Promise((next) => setTimeout(next, 5));
  for (let i = 0; i < 100; i++) refs[i % actors]?.tell("fail");
}

/** What runs for an actor besides a handler that returns at once, 10 ms each, a hundred at once. */
const BESIDE: Readonly<Record<string, (system: ActorSystem, work: () => void) => Promise<void> | void>> = {
  "a hundred starts": (system, work) => {
    for (let i = 0; i < 100; i++) system.spawn(`a${i}`, () => (work(), () => {}));
  },
  "a hundred releases, of actors that stop together": async (system, work) => {
    const refs = Array.from({ length: 100 }, (_, i) =>
      system.spawn<"stop">(`a${i}`, (self) => {
        self.onStop(work);
        return () => self.stop();
      }));
    await Promise.all(refs.map((ref) => system.started(ref)));
    for (const ref of refs) ref.tell("stop");
  },
  "a hundred releases of one actor": async (system, work) => {
    const ref = system.spawn<"stop">("a", (self) => {
      for (let i = 0; i < 100; i++) self.onStop(work);
      return () => self.stop();
    });
    await system.started(ref);
    ref.tell("stop");
  },
  "a hundred decisions about children that fail together": (system, work) => {
    const onFailure = () => (work(), resume());
    for (let i = 0; i < 100; i++) {
      system.spawn<string>(`a${i}`, () => () => {
        throw new Error("told to");
      }, { onFailure }).tell("fail");
    }
  },
  "a hundred handlers that fail": (system, work) => failing(system, work, { actors: 1, waits: false }),
  "a hundred handlers that fail, of as many actors": (system, work) =>
    failing(system, work, { actors: 100, waits: false }),
  "a hundred handlers that wait and fail": (system, work) =>
    failing(system, work, { actors: 1, waits: true }),
  "a hundred starts that fail": (system, work) => {
    for (let i = 0; i < 100; i++) {
      system.spawn(`a${i}`, () => {
        work();
        throw new Error("told to");
      }, { onFailure: stop() });
    }
  },
  "a hundred handlers that compute before they wait": (system, work) => {
    const ref = system.spawn<number>("a", () => async () => {
      work();
      await Promise.resolve();
    });
    for (let i = 0; i < 100; i++) ref.tell(i);
  },
  "a hundred handlers that compute before they wait, of as many actors": (system, work) => {
    for (let i = 0; i < 100; i++) {
      system.spawn<number>(`a${i}`, () => async () => {
        work();
        await Promise.resolve();
      }).tell(i);
    }
  },
  "a hundred handlers that compute, wait, and compute again": (system, work) => {
    const ref = system.spawn<number>("a", () => async (message) => {
      if (message % 2 === 0) work();
      await Promise.resolve();
      if (message % 2 === 1) work();
    });
    for (let i = 0; i < 100; i++) ref.tell(i);
  },
  "a hundred handlers that wait for a timer and compute": (system, work) => {
    const ref = system.spawn<number>("a", () => async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      work();
    });
    for (let i = 0; i < 100; i++) ref.tell(i);
  },
  "a hundred handlers that wait before they compute": (system, work) => {
    const ref = system.spawn<number>("a", () => async () => {
      await Promise.resolve();
      work();
    });
    for (let i = 0; i < 100; i++) ref.tell(i);
  },
  "a hundred restarts": (system, work) => {
    for (let i = 0; i < 50; i++) {
      let starts = 0;
      const behavior = () => {
        work();
        if (starts++ === 0) throw new Error("told to");
        return () => {};
      };
      system.spawn(`a${i}`, behavior);
    }
  },
};

for (const [what, arrange] of Object.entries(BESIDE)) {
  Deno.test(`fairness: ${what}, 10 ms each: sockets are looked at between them`, async () => {
    const stepped = steppedWorld();
    const quiet = { ...stepped.world, log: { enabled: () => false, write: () => {} } };
    const system = new ActorSystem("test", { world: quiet });
    const done = Promise.withResolvers<void>();
    let left = 100;
    await arrange(system, () => {
      stepped.work(10);
      if (--left === 0) done.resolve();
    });
    await deadline(done.promise);
    assert(stepped.worst <= 10, `${stepped.worst} ms went by`);
    await stopped(system);
  });
}

/** Whose handlers they are, and whether their messages say which ones are slow. */
const BUSY: readonly (readonly [what: string, actors: number, isTyped: boolean])[] = [
  ["told apart by type", 1, true],
  ["told apart by nothing", 1, false],
  ["of as many actors, each of which was quick before", 100, false],
];

for (const [what, actors, isTyped] of BUSY) {
  Deno.test(`fairness: an echo on a real socket is answered all the while between handlers of 10 ms, ${what}`, async () => {
    const system = new ActorSystem("test", { world: denoWorld() });
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using conn = await listener.accept();
      const buffer = new Uint8Array(64);
      for (let n; (n = await conn.read(buffer)) !== null;) await conn.write(buffer.subarray(0, n));
    })();
    const events: string[] = [];
    const handled = Promise.withResolvers<void>();
    const burn = (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    let left = 100;
    const busy = Array.from(
      { length: actors },
      (_, i) =>
        system.spawn<{ readonly ms: number }>(`busy${i}`, () => ({ ms }) => {
          if (ms < 1) return;
          burn(10);
          events.push("handled");
          if (--left === 0) handled.resolve();
        }),
    );
    using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    const echoing = (async () => {
      const buffer = new Uint8Array(64);
      while (left > 0) {
        await client.write(buffer.subarray(0, 1));
        await client.read(buffer);
        events.push("echo");
      }
      client.close();
    })();
    for (const [i, job] of jobs(1000, 100).entries()) {
      busy[i % actors]?.tell(isTyped ? job : { ms: job.ms });
    }
    await deadline(handled.promise);
    await deadline(echoing);
    await deadline(serving);
    const inARow = events.join(" ").split("echo").map((part) => part.split("handled").length - 1);
    // An echo takes a look at sockets for each of its four ways; the kernel has a say, too.
    assert(Math.max(...inARow) <= 20, `handlers between two echoes: ${inARow}`);
    await deadline(system.stop());
  });
}
