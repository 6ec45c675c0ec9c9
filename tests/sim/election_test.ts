import { assert, assertMatch, assertRejects } from "@std/assert";
import type { PeerOptions } from "../../actors/election/mod.ts";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import type { Behavior } from "../../mod.ts";
import { electionAimed } from "./election_networks_campaign.ts";
import { electionStart, electionStartAgain } from "./election_start_campaign.ts";
import { runCampaign } from "./_harness.ts";
import {
  siegeCampaign,
  siegeFromWithin,
  siegeWithoutSecret,
  siegeWithSecret,
} from "./election_strangers_campaign.ts";
import { mutant } from "./_mutant.ts";
import { election, electionCampaign } from "./election_campaign.ts";

Deno.test("election under chaos: never two leaders in one term, and a leader in time", async () => {
  await runCampaign(election, 60);
});

Deno.test("election with faults at messages: whoever dies, freezes or is cut off just when it has spoken, the rules hold", async () => {
  await runCampaign(electionAimed, 200);
});

Deno.test("election starts: whatever the order and the latencies, no link of an idle network breaks, and the log is written once", async () => {
  await runCampaign(electionStart, 100);
  // Node 2 was linked with all before Node 1 was, and asked first.
  await runCampaign(electionStart, [306, 644, 1299]);
});

Deno.test("election starts again: nodes that remember their votes elect the lowest at once, and the log is written once", async () => {
  await runCampaign(electionStartAgain, 50);
});

for (const siege of [siegeWithSecret, siegeWithoutSecret, siegeFromWithin]) {
  Deno.test(`${siege.name}: never two leaders in one term, and a leader in time`, async () => {
    await runCampaign(siege, 14);
  });
}

Deno.test("besieged election: the seed that has found something once", async () => {
  // A node that had ended a greeting without a word, as it died, was never dialled again.
  await runCampaign(siegeWithSecret, [3000703]);
});

const HOLES = [
  {
    what: "a node that asks nobody for the secret",
    siege: { hasSecret: true, isNode: true },
    file: "actors/election/link_wire.ts",
    from: "return this.#secret !== undefined && !this.#isProved;",
    to: "return false;",
  },
  {
    what: "a node that believes whoever dials",
    siege: { hasSecret: false, isNode: false },
    file: "actors/election/peer_link.ts",
    from: `!old ? "unproved"`,
    to: `!old ? "up"`,
  },
];

for (const { what, siege, file, from, to } of HOLES) {
  Deno.test(`election besieged: ${what} is found out`, async () => {
    const { peer } = await mutant({ entry: "actors/election/peer.ts", file, from, to });
    assert(isPeer(peer));
    const campaign = siegeCampaign("siege of a planted hole", siege, peer);
    await assertRejects(() => simulate(campaign.name, { seeds: 20 }, campaign.run), SimulationFailure);
  });
}

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
  assertMatch(failure.message, /lead at once|wait any longer for Node 1 to step down/);
});

function isPeer(value: unknown): value is (options: PeerOptions) => Behavior<never> {
  return typeof value === "function";
}
