/**
 * Slow work that is not that of a handler which ends at once, and slow handlers beside a real socket.
 */
import { assert } from "@std/assert";
import { ActorSystem, denoWorld, resume, stop } from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { jobs, steppedWorld, stopped } from "./_stepped.ts";

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
