import { assertEquals } from "@std/assert";
import type { Outcome } from "../../actors/cluster/link.ts";
import { Route, type RouteHost } from "../../actors/cluster/route.ts";
import { simulate } from "../../actors/world/sim/mod.ts";

Deno.test("cluster: route: what is refused is sent anew in its order, whichever answer comes first", async () => {
  await simulate("route", { seeds: 1 }, async (sim) => {
    const { clock } = sim.host("sender").world;
    const forwarded: { readonly message: unknown; readonly settled: (outcome: Outcome) => void }[] = [];
    let epoch = 0;
    const host: RouteHost = {
      clock,
      locate: () => Promise.resolve({ owner: { id: "owner", incarnation: "1" }, epoch: ++epoch }),
      forward: (_entity, _placed, message, settled) => void forwarded.push({ message, settled }),
      undelivered: () => {},
      unsendable: () => {},
      isHopeless: () => false,
      isWanted: () => true,
      rerouted: () => {},
    };
    const route = new Route(host, { type: "list", id: "a" });
    const send = (message: string) =>
      route.send({ message, expiresAtMs: clock.monotonic() + 1000, isRepeatable: false });
    for (const message of ["one", "two", "three"]) send(message);
    await sim.until(() => forwarded.length === 3, 100, "all to be under way");
    send("four");
    // That nobody serves the address any more is known at once; what the host has refused is still on its
    // way.
    const [one, two, three, four] = forwarded.splice(0);
    four?.settled("refused");
    three?.settled("refused");
    send("five");
    one?.settled("taken");
    two?.settled("refused");
    await sim.until(() => forwarded.length === 4, 1000, "them to be sent anew");
    assertEquals(forwarded.map(({ message }) => message), ["two", "three", "four", "five"]);
  });
});

Deno.test("cluster: route: what is refused once its host has left is a dead letter", async () => {
  await simulate("route", { seeds: 1 }, async (sim) => {
    const { clock } = sim.host("sender").world;
    const forwarded: ((outcome: Outcome) => void)[] = [];
    const dead: unknown[] = [];
    const route = new Route({
      clock,
      locate: () => Promise.resolve({ owner: { id: "owner", incarnation: "1" }, epoch: 1 }),
      forward: (_entity, _placed, _message, settled) => void forwarded.push(settled),
      undelivered: (_entity, message) => void dead.push(message),
      unsendable: () => {},
      isHopeless: () => false,
      isWanted: () => true,
      rerouted: () => {},
    }, { type: "list", id: "a" });
    route.send({ message: "late", expiresAtMs: clock.monotonic() + 1000, isRepeatable: false });
    await sim.until(() => forwarded.length === 1, 100, "it to be under way");
    route.dispose();
    forwarded[0]?.("refused");
    assertEquals(dead, ["late"]);
  });
});
