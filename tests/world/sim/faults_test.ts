import { closeQuietly } from "../../../actors/world/_close_quietly.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { simWorld } from "../../../actors/world/sim/mod.ts";
import { WorldError } from "../../../actors/world/world.ts";
import { connected } from "../_connected.ts";
import { inWorlds } from "./_worlds.ts";

const encoder = new TextEncoder();

Deno.test("simulated host: while it is paused nothing reaches it and nothing is lost; its clocks go on", async () => {
  await inWorlds(async (sim) => {
    const a = sim.host("a");
    const b = sim.host("b");
    const listener = a.world.net.listenTcp({ hostname: "::", port: 80 });
    const accepting = listener.accept();
    const dialled = await sim.settle(b.world.net.connectTcp({ hostname: "a", port: 80 }));
    const accepted = await sim.settle(accepting);
    const events: string[] = [];
    const buffer = new Uint8Array(10);
    accepted.read(buffer).then((count) => events.push(`read ${count}`));
    a.world.clock.timer(50, () => events.push("timer"));
    a.world.disk.stat("/").then(() => events.push("disk"));
    a.pause();
    const before = a.world.clock.monotonic();
    a.world.loop.soon(() => events.push("soon"));
    // Its machine answers: connections are made, and bytes are taken.
    await sim.settle(b.world.net.connectTcp({ hostname: "a", port: 80 }));
    let sent = 0;
    while (sent < 3) sent += await sim.settle(dialled.write(new Uint8Array(3 - sent)));
    await sim.advance(5000);
    assertEquals(events, []);
    a.resume();
    assert(a.world.clock.monotonic() - before >= 5000);
    await sim.advance(1);
    assertEquals(
      events.toSorted(),
      ["disk", "read 3", "soon", "timer"].toSorted().map((event) =>
        event.startsWith("read") ? events.find((other) => other.startsWith("read")) ?? "" : event
      ),
    );
    await sim.settle(listener.accept());
  });
});

Deno.test("simulated host: a pause of more than 10 s is counted when it is over", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const long = () => sim.tally.get("fault: paused for more than 10 s");
  for (const [pauseMs, counted] of [[10_000, 0], [10_001, 1], [100, 1]] as const) {
    host.pause();
    assert(host.isPaused);
    await sim.advance(pauseMs);
    host.resume();
    assert(!host.isPaused);
    assertEquals(long(), counted, `after ${pauseMs} ms`);
  }
  // Who is killed does not go on.
  host.pause();
  await sim.advance(20_000);
  host.kill();
  host.restart(() => {});
  assertEquals([host.isPaused, long()], [false, 1]);
});

Deno.test("simulated host: a pause ends with the life, and a timer that was called off in it does not ring", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    let rang = 0;
    const timer = host.world.clock.timer(10, () => rang++);
    host.pause();
    await sim.advance(20);
    timer.cancel();
    host.resume();
    await sim.advance(20);
    assertEquals(rang, 0);
    host.pause();
    host.kill();
    host.restart();
    host.world.clock.timer(10, () => rang++);
    await sim.advance(20);
    assertEquals(rang, 1);
  }, 5);
});

Deno.test("simulated host: its wall clock is put forward and back, and its clocks run fast or slow", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const { clock } = host.world;
    const [wall, own] = [clock.now(), clock.monotonic()];
    host.clockSkewMs = -3_600_000;
    assertEquals(clock.now() - wall, -3_600_000);
    assertEquals(clock.monotonic(), own);
    host.clockSkewMs = 0;
    host.clockRate = 1.25;
    let rangAt = 0;
    clock.timer(1000, () => rangAt = sim.now);
    await sim.advance(4000);
    assertEquals(Math.round(rangAt), 800);
    assertEquals(Math.round(clock.monotonic() - own), 5000);
    assertEquals(Math.round((clock.now() - wall) / 10), 500);
    host.clockRate = 1;
    await sim.advance(1000);
    assertEquals(Math.round(clock.monotonic() - own), 6000);
  }, 5);
});

Deno.test("simulated host: handlers that take CPU time keep what comes waiting, in its order", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    host.cpuMs = [10, 10];
    const rang: [number, number][] = [];
    for (let i = 0; i < 5; i++) host.world.clock.timer(1, () => rang.push([i, Math.round(sim.now)]));
    await sim.advance(100);
    assertEquals(rang, [[0, 1], [1, 11], [2, 21], [3, 31], [4, 41]]);
  }, 5);
});

Deno.test("simulated host: a program is asked to stop, and killed when it takes too long", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    const told: string[] = [];
    host.start((world) => ({
      async stop() {
        told.push("asked");
        const { promise, resolve } = Promise.withResolvers<void>();
        world.clock.timer(100, resolve);
        await promise;
        told.push("stopped");
      },
    }));
    await sim.settle(host.shutDown());
    assertEquals([told, host.isUp], [["asked", "stopped"], false]);
    host.restart();
    await sim.settle(host.shutDown(50));
    assertEquals([told.at(-1), host.isUp], ["asked", false]);
    assertEquals(sim.tally.get("fault: stop took too long"), 1);
  }, 5);
});

Deno.test("simulated network: without descriptors nothing is accepted, and what waits is when there are some", async () => {
  await inWorlds(async (sim) => {
    const a = sim.host("a");
    const listener = a.world.net.listenTcp({ hostname: "::", port: 80 });
    sim.net.setDescriptorsLeft("a", false);
    const accepting = listener.accept();
    await sim.settle(sim.host("b").world.net.connectTcp({ hostname: "a", port: 80 }));
    const error = await assertRejects(() => sim.settle(accepting), WorldError);
    assertEquals(error.kind, "too-many-open-files");
    sim.net.setDescriptorsLeft("a", true);
    await sim.settle(listener.accept());
  }, 5);
});

Deno.test("simulated network: look-ups fail and change, and take their time", async () => {
  await inWorlds(async (sim) => {
    const { net } = sim.host("a").world;
    const b = sim.host("b");
    const failing = sim.net.failLookups("b");
    const error = await assertRejects(() => sim.settle(net.resolve("b")), WorldError);
    assertEquals(error.kind, "name-not-found");
    failing.heal();
    assertEquals(new Set(await sim.settle(net.resolve("b"))), new Set(b.addresses));
    sim.net.setName("b", sim.host("c").addresses);
    assertEquals(new Set(await sim.settle(net.resolve("b"))), new Set(sim.host("c").addresses));
    sim.net.setName("b", undefined);
    sim.net.lookupLatencyMs = 30;
    const before = sim.now;
    await sim.settle(net.resolve("b"));
    assert(sim.now - before >= 30);
  }, 5);
});

Deno.test("chaos: every fault of a plan occurs and is counted, and all is right again when it is over", async () => {
  const sim = simWorld({ seed: 1 });
  const hosts = ["a", "b", "c"].map((name) => sim.host(name));
  for (const host of hosts) {
    host.start((world) => {
      let isOver = false;
      let ticking: Promise<void> | undefined;
      const tick = async () => {
        const file = await world.disk.open("/log", { write: true, create: true }).catch(() => undefined);
        await file?.write(encoder.encode("some text"), 0).catch(() => {});
        await file?.sync().catch(() => {});
        if (file !== undefined) closeQuietly(file);
        world.net.connectTcp({ hostname: "a", port: 80 }).then((connection) => connection.close(), () => {});
        if (!isOver) world.clock.timer(20, () => ticking = tick());
      };
      const listener = world.net.listenTcp({ hostname: "::", port: 80 });
      const again = () => isOver || accept();
      const accept = (): void => {
        listener.accept().then((connection) => connection.close()).then(again, () => {
          world.clock.timer(5, again);
        });
      };
      accept();
      const watching = world.disk.watch("/", () => {}, () => {});
      ticking = tick();
      const stop = async () => {
        isOver = true;
        listener.close();
        watching.cancel();
        await ticking;
      };
      return { stop };
    });
  }
  const chaos = sim.chaos({
    ...{ crashesPerMinute: 60, killsPerMinute: 60, aimedCrashesPerMinute: 60, gracefulRestartsPerMinute: 60 },
    ...{
      pausesPerMinute: 60,
      pauseMs: [100, 500],
      clockJumpsPerMinute: 60,
      clockRates: [0.8, 1.2],
      cpuMs: [0, 1],
    },
    ...{ partitionsPerMinute: 60, resetsPerMinute: 60, conditionsPerMinute: 60, lookupFailuresPerMinute: 60 },
    nameChangesPerMinute: 60,
    ...{ descriptorsGonePerMinute: 60, slowDisksPerMinute: 60, diskErrorsPerMinute: 120, droppedPages: 0.5 },
    ...{ tearing: { sectorsOutOfOrder: 0.5, lengthBeforeData: 0.5, garbage: 0.5 }, bitRotPerMinute: 60 },
    ...{ lostWatchEvents: 0.5, downMs: [10, 100] as const },
  });
  await sim.advance(60_000);
  chaos.stop();
  await sim.advance(10_000);
  const seen = new Set(sim.tally.entries().map(([name]) => name));
  for (
    const fault of [
      ...["power cut", "killed", "asked to stop", "paused", "clock set", "way cut", "connection reset"],
      ...[
        "name not found",
        "name leads elsewhere",
        "accept fails, no descriptors",
        "slow disk",
        "write fails",
        "sync fails",
      ],
      ...[
        "sync fails, pages dropped",
        "bit rot",
        "watch event lost",
        "crash before write",
        "kill after sync",
      ],
    ]
  ) assert(seen.has(`fault: ${fault}`), `${fault} is not among ${[...seen].join(", ")}`);
  assert([...seen].some((name) => name.startsWith("fault: power cut leaves")));
  for (const host of hosts) {
    assert(host.isUp);
    assertEquals([host.clockRate, host.cpuMs, host.disk.slowness, host.disk.lostWatchEvents], [
      1,
      undefined,
      1,
      0,
    ]);
  }
  const [one, other] = await sim.settle(connected(hosts[0]?.world ?? sim.host("a").world));
  one.close();
  other.close();
  sim.close();
});

Deno.test("simulated chaos: a crash that an operation has begun to be comes before all is well again", async () => {
  await inWorlds(async (sim) => {
    const host = sim.host("a");
    let starts = 0;
    host.start(() => void starts++);
    const chaos = sim.chaos({ hosts: ["a"], aimedCrashesPerMinute: 1e-6 });
    const file = await sim.settle(host.world.disk.open("/f", { write: true, create: true }));
    host.disk.slowness = 1000;
    const when = sim.random.pick(["during", "after"] as const);
    host.crashAt({ operation: "sync", when, ended: () => host.restart() });
    void file.sync();
    await sim.advance(1);
    assertEquals(starts, 1);
    chaos.stop();
    assertEquals(starts, 2);
    await sim.advance(10_000);
    assertEquals(starts, 2);
  });
});
