import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  simulate,
  SimulationFailure,
  SimWorld,
  simWorld,
  Trace,
  type World,
} from "../../../actors/world/sim/mod.ts";

async function failureOf(
  test: (sim: SimWorld) => Promise<void>,
  seeds: number[] = [7],
): Promise<SimulationFailure> {
  const error = await assertRejects(() => simulate("something", { seeds }, test));
  assertInstanceOf(error, SimulationFailure);
  return error;
}

/** Hosts that send each other datagrams and write their disks, by chance. */
async function busy(sim: SimWorld): Promise<void> {
  const names = ["a", "b", "c"];
  for (const name of names) sim.host(name);
  for (const host of sim.hosts) {
    host.start((world) => {
      const socket = world.net.bindUdp({ hostname: "::", port: 9 });
      const tick = async () => {
        const to = names[Math.floor(world.random.next() * 3)] ?? "a";
        await socket.send(world.random.bytes(8), { hostname: to, port: 9 });
        const file = await world.disk.open("/f", { write: true, create: true });
        await file.write(world.random.bytes(100), Math.floor(world.random.next() * 1000));
        if (world.random.next() < 0.5) await file.sync();
        file.close();
        world.clock.timer(world.random.next() * 20, tick);
      };
      tick();
      const receive = async () => {
        for (;;) {
          world.log.write({ level: "info", actor: "/r", message: `${(await socket.receive()).bytes}` });
        }
      };
      receive();
    });
  }
  const chaos = sim.chaos({
    crashesPerMinute: 60,
    killsPerMinute: 60,
    partitionsPerMinute: 60,
    slowDisksPerMinute: 60,
  });
  await sim.advance(5000);
  chaos.stop();
  await sim.advance(100);
}

Deno.test("simulate: the same seed gives the same run, another seed another", async () => {
  const hashes: string[] = [];
  for (const seed of [1, 1, 2]) {
    const sim = simWorld({ seed });
    await busy(sim);
    hashes.push(sim.trace.hash);
    sim.close();
  }
  assertEquals(hashes[0], hashes[1]);
  assert(hashes[0] !== hashes[2]);
});

Deno.test("simulate: the hash covers what was sent, written and logged, not only how much of it", async () => {
  const hashOf = async (word: string, how: (world: World, word: string) => void | Promise<unknown>) => {
    const sim = simWorld({ seed: 1 });
    await how(sim.host("a").world, word);
    await sim.advance(100);
    sim.close();
    return sim.trace.hash;
  };
  const bytes = (word: string) => new TextEncoder().encode(word);
  const ways: Record<string, (world: World, word: string) => void | Promise<unknown>> = {
    tcp({ net }, word) {
      const listener = net.listenTcp({ hostname: "127.0.0.1", port: 80 });
      net.connectTcp(listener.address).then((connection) => connection.write(bytes(word)));
    },
    udp({ net }, word) {
      const socket = net.bindUdp({ hostname: "127.0.0.1", port: 80 });
      socket.send(bytes(word), socket.address);
    },
    disk({ disk }, word) {
      disk.open("/x", { write: true, create: true }).then((file) => file.write(bytes(word), 0));
    },
    diskNow({ disk }, word) {
      disk.open("/x", { write: true, create: true }).then((file) =>
        file.writeNow?.(bytes(word), 0) ?? file.write(bytes(word), 0)
      );
    },
    log({ log }, word) {
      log.write({ level: "info", actor: "/a", message: "said", fields: { word } });
    },
    actor({ log }, word) {
      log.write({ level: "info", actor: `/${word}`, message: "said" });
    },
  };
  for (const [name, how] of Object.entries(ways)) {
    assertEquals(await hashOf("one", how), await hashOf("one", how), name);
    assert(await hashOf("one", how) !== await hashOf("two", how), name);
  }
});

Deno.test("simulate: the last events are kept, each with the bytes that were in it and no others", () => {
  const trace = new Trace(3);
  const encoder = new TextEncoder();
  for (const [index, said] of ["long words", "short", "", undefined, "x", undefined].entries()) {
    trace.add(index, "a", "net", "said", said === undefined ? undefined : encoder.encode(said));
  }
  assertEquals(trace.last(2).map(({ timeMs, event }) => [timeMs, event]), [[4, "said: x"], [5, "said"]]);
  assertEquals(trace.last(9).map(({ timeMs, event }) => [timeMs, event]), [
    [3, "said"],
    [4, "said: x"],
    [5, "said"],
  ]);
  trace.add(6, "a", "net", "said", encoder.encode("y".repeat(60)));
  assertEquals(trace.last(1).map(({ event }) => event), [`said: ${"y".repeat(48)}…`]);
});

Deno.test("simulate: runs every seed once, and says what they came to", async () => {
  const seen: number[] = [];
  const summary = await simulate("seeds", { seeds: 5, repeatEvery: 1000 }, async (sim) => {
    seen.push(sim.seed);
    await sim.advance(10);
  });
  // The first seed is run twice, to see that both runs are equal.
  assertEquals(seen, [1, 1, 2, 3, 4, 5]);
  assertEquals([summary.seeds, summary.virtualMs], [5, 50]);
});

Deno.test("simulate: a failure names the seed, shows the last events, and says how to run it again", async () => {
  const error = await failureOf(async (sim) => {
    sim.host("a").world.log.write({ level: "info", actor: "/user/editor", message: "the last words" });
    await sim.advance(5);
    throw new Error("an invariant broke");
  });
  assertEquals(error.seed, 7);
  assertStringIncludes(error.message, 'Cannot pass "something" with seed 7: an invariant broke');
  assertStringIncludes(error.message, "/user/editor              info the last words");
  assertStringIncludes(error.message, 'TROUPE_SEED=7 deno test -A --filter "something"');
});

Deno.test("simulate: time, chance and I/O are as before after a run, passed or failed", async () => {
  await simulate("passes", { seeds: 1 }, (sim) => sim.advance(1));
  await failureOf(() => Promise.reject(new Error("fails")));
  assert(Date.now() > 1_700_000_000_000);
  assert(new Date().getFullYear() > 2020);
  assert(Math.random() < 1);
  assert(performance.now() > 0);
  assertEquals(crypto.getRandomValues(new Uint8Array(4)).length, 4);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals((await Deno.stat(".")).isDirectory, true);
});

Deno.test("simulate: dates that say which day are no ambient time", async () => {
  await simulate("dates", { seeds: 1 }, async (sim) => {
    const { clock } = sim.host("a").world;
    await sim.advance(1500);
    assertEquals(new Date(clock.now()).toISOString(), "2026-01-01T00:00:01.500Z");
    assertInstanceOf(new Date(0), Date);
    assertEquals(Date.UTC(1970, 0, 1), 0);
  });
});

Deno.test("simulate: a run that another run does not equal fails", async () => {
  let count = 0;
  const error = await failureOf(async (sim) => {
    sim.note(`run ${count++}`);
    await sim.advance(1);
  });
  assertStringIncludes(error.message, "two runs are not equal");
  assertStringIncludes(error.message, "run 0");
  assertStringIncludes(error.message, "run 1");
});

Deno.test("simulate: a test that waits for what never comes fails instead of hanging", async () => {
  const error = await failureOf(async (sim) => {
    await sim.advance(1);
    await new Promise(() => {});
  });
  assertStringIncludes(error.message, "nothing more will happen");
});

Deno.test("simulate: an error that nobody catches in a timer, a task or a promise fails the run", async () => {
  const inTimer = await failureOf(async (sim) => {
    sim.host("a").world.clock.timer(1, () => {
      throw new Error("in a timer");
    });
    await sim.advance(10);
  });
  assertStringIncludes(inTimer.message, "in a timer");
  const inTask = await failureOf(async (sim) => {
    sim.host("a").world.loop.soon(() => {
      throw new Error("in a task");
    });
    await sim.advance(10);
  });
  assertStringIncludes(inTask.message, "in a task");
  const inPromise = await failureOf(async (sim) => {
    sim.host("a").world.clock.timer(1, () => void Promise.reject(new Error("in a promise")));
    await sim.advance(10);
  });
  assertStringIncludes(inPromise.message, "in a promise");
});
