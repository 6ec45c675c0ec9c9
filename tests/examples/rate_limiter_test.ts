import { assert, assertRejects } from "@std/assert";
import { ActorSystem, AskTimeout } from "../../mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { rateLimiter } from "../../examples/rate_limiter.ts";

Deno.test("rate limiter: who asks after 20 whose time was up stands behind none of them", async () => {
  const sim = simWorld({ seed: 1 });
  const { world } = sim.host("a");
  const system = new ActorSystem("limits", { world });
  const limiter = system.spawn("limiter", rateLimiter({ perSecond: 20, burst: 1 }));
  const gone = Array.from({ length: 20 }, () => limiter.ask({ type: "acquire" }, { timeoutMs: 60 }));
  const settled = Promise.allSettled(gone);
  await sim.settle(settled);
  const [, , ...late] = await settled;
  for (const { status } of late) assert(status === "rejected");
  await sim.settle(assertRejects(() => gone[19] ?? Promise.resolve(), AskTimeout));
  const before = world.clock.monotonic();
  await sim.settle(limiter.ask({ type: "acquire" }, { timeoutMs: 5000 }));
  // A permit comes every 50 ms; behind the 18 it would have been a second.
  assert(world.clock.monotonic() - before <= 50);
  await sim.settle(system.stop());
});
