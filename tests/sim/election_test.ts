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

Deno.test("election under chaos: one that does not count votes is found out", async () => {
  const { peer } = await mutant({
    entry: "actors/election/peer.ts",
    file: "protocols/election.ts",
    from: ".granted.size < this.#quorum",
    to: ".granted.size < 1",
  });
  assert(isPeer(peer));
  const broken = electionCampaign("election that counts no votes", peer);
  const failure = await assertRejects(
    () => simulate(broken.name, { seeds: 200 }, broken.run),
    SimulationFailure,
  );
  assertStringIncludes(failure.message, "both lead in term");
});

function isPeer(value: unknown): value is (options: PeerOptions) => Behavior<never> {
  return typeof value === "function";
}
