import { assert, assertEquals } from "@std/assert";
import { type Instrument, MeterRegistry } from "../../actors/inspect/mod.ts";
import { Closing } from "../../actors/net/_closing.ts";
import { LoginRate, LogThrottle, tcpServer } from "../../actors/net/mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { echoLines } from "./_net.ts";

const ADDRESS = "192.0.2.7";

Deno.test("login rate: a house comes at once, who comes back counts, and who has gone makes room for nobody else", () => {
  const rate = new LoginRate({ perSecond: 1, burst: 2 });
  const house = Array.from({ length: 5 }, () => rate.enter(ADDRESS, 0));
  assertEquals(house.map((pass) => pass !== undefined), Array(5).fill(true));
  // One leaves: two come back in its place, one after the other, and then it is too fast.
  for (const isLetIn of [true, true, false]) {
    house.pop()?.release();
    const back = rate.enter(ADDRESS, 0);
    assertEquals(back !== undefined, isLetIn);
    if (back !== undefined) house.push(back);
  }
  // Nobody is there, and as many as ever may not come at once: that is not more than have been.
  for (const pass of house.splice(0)) {
    pass?.release();
    pass?.release();
  }
  assertEquals(rate.enter(ADDRESS, 500), undefined);
  const passes = [rate.enter(ADDRESS, 2000), rate.enter(ADDRESS, 2000), rate.enter(ADDRESS, 2000)];
  assertEquals(passes.map((pass) => pass !== undefined), [true, true, false]);
  // Somebody of elsewhere is not concerned.
  assertEquals(rate.enter("192.0.2.8", 2000) !== undefined, true);
});

Deno.test("login rate: a pass that is given back twice makes room once", () => {
  const rate = new LoginRate({ perSecond: 1, burst: 1 });
  const house = Array.from({ length: 3 }, () => rate.enter(ADDRESS, 0));
  house[0]?.release();
  house[0]?.release();
  // Somebody comes back, and then one comes who is more than have been.
  assertEquals([rate.enter(ADDRESS, 0), rate.enter(ADDRESS, 0)].map((pass) => pass !== undefined), [
    true,
    true,
  ]);
});

Deno.test("closing: of two limits the nearer one counts, whichever was set last", async () => {
  for (const limits of [[100, 1000], [1000, 100]]) {
    const sim = simWorld({ seed: 1 });
    const { clock } = sim.host("gate").world;
    let lateMs = Infinity;
    const closing = new Closing(clock, () => lateMs = clock.monotonic());
    const startMs = clock.monotonic();
    for (const limitMs of limits) closing.limit(limitMs);
    await sim.advance(2000);
    assert(lateMs - startMs >= 100 && lateMs - startMs < 110, `${lateMs - startMs} ms`);
  }
});

Deno.test("log throttle: after each flood it is said how many lines of that one were left out", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("gate");
  const system = new ActorSystem("demo", { world: host.world });
  const guard = system.spawn<number>("guard", (self) => {
    const warnings = new LogThrottle(self, { perSecond: 5, burst: 10 });
    return (count) => {
      for (; count > 0; count--) warnings.warn(self.coarseNow, "flood");
    };
  });
  const leftOut = () => host.log.records.flatMap(({ fields }) => fields?.["leftOut"] ?? []);
  for (const count of [110, 30]) {
    guard.tell(count);
    await sim.advance(10_000);
  }
  assertEquals(leftOut(), [100, 20]);
  await sim.settle(system.stop());
});

Deno.test("tcp server: connections that are over are counted no more, however they ended", async () => {
  const made: Instrument[] = [];
  const meter = new MeterRegistry((instrument) => void made.push(instrument));
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("demo", { world: sim.host("server").world, instruments: { meter } });
  system.spawn(
    "server",
    tcpServer({ address: { hostname: "::", port: 80 }, frames: () => lineFrames(), session: echoLines }),
  );
  const open = () =>
    made.filter(({ name }) => name === "troupe.connections").reduce((sum, { value }) => sum + value, 0);
  for (let round = 0; round < 2; round++) {
    const clients = await Promise.all(["a", "b", "c"].map((name) => {
      const { net } = sim.host(name).world;
      return sim.settle(net.connectTcp({ hostname: "server", port: 80 }));
    }));
    await sim.advance(100);
    assertEquals(open(), clients.length);
    await sim.settle(clients[0]?.closeWrite() ?? Promise.reject(new Error("Cannot happen: it is connected")));
    clients[1]?.close();
    sim.net.resetConnections("c");
    await sim.advance(1000);
    clients[0]?.close();
    await sim.advance(1000);
    assertEquals(open(), 0);
  }
  await sim.settle(system.stop());
});
