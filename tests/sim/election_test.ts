import { assert, assertRejects, assertStringIncludes } from "@std/assert";
import type { PeerOptions } from "../../actors/election/mod.ts";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import type { Behavior } from "../../mod.ts";
import { runCampaign } from "./_harness.ts";
import { mutant } from "./_mutant.ts";
import { election, electionCampaign } from "./election_campaign.ts";

Deno.test("election under chaos: never two leaders in one term, and a leader in time", async () => {
  await runCampaign(election, 200);
});

Deno.test("election under chaos: a leader without a lease is found out", async () => {
  const { peer } = await mutant({
    entry: "actors/election/peer.ts",
    file: "protocols/_election_peers.ts",
    from: "(acked[needed - 1] ?? -Infinity) + this.#times.leaseMs",
    to: "Infinity",
  });
  assert(isPeer(peer));
  const broken = electionCampaign("election without leases", peer);
  const failure = await assertRejects(
    () => simulate(broken.name, { seeds: 200 }, broken.run),
    SimulationFailure,
  );
  assertStringIncludes(failure.message, "lead at once");
});

function isPeer(value: unknown): value is (options: PeerOptions) => Behavior<never> {
  return typeof value === "function";
}
