import { assert, assertRejects } from "@std/assert";
import type { SharingCommand, SharingOptions } from "../../actors/sharing/mod.ts";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import type { Behavior } from "../../mod.ts";
import { runCampaign } from "./_harness.ts";
import { mutant } from "./_mutant.ts";
import { sharingAmongPeople } from "./sharing_person_campaign.ts";
import { sharingRules } from "./sharing_rules_campaign.ts";
import { sharingCampaign, sharingUnderChaos } from "./sharing_campaign.ts";

Deno.test("sharing under chaos: every download that can end ends, and nothing outside the folder is touched", async () => {
  await runCampaign(sharingUnderChaos, 16);
});

Deno.test("sharing under chaos: the seed that has found something once", async () => {
  // What was given up for another file of the name was given again, and nobody gave that other.
  await runCampaign(sharingUnderChaos, [3000568]);
});

Deno.test("sharing by its rules: what it owes to other clients, and to who asked for a file", async () => {
  await runCampaign(sharingRules, 56);
});

Deno.test("sharing while people change the files: what was asked for comes whatever it is called by then, and what is offered is there", async () => {
  await runCampaign(sharingAmongPeople, 32);
});

Deno.test("sharing while people change the files: the seed that has found something once", async () => {
  // A magnet link's search was ended, and nobody told, once the same bytes were asked for by a name.
  await runCampaign(sharingAmongPeople, [31000023]);
});

Deno.test("sharing under chaos: one that does not verify what liars send is found out", async () => {
  const { sharing } = await mutant({
    entry: "actors/sharing/sharing.ts",
    file: "actors/sharing/piece_verifier.ts",
    from: 'pieceHash(this.#info, active.index)) ? "good" : "bad"',
    to: 'pieceHash(this.#info, active.index)) ? "good" : "good"',
  });
  assert(isSharing(sharing));
  const broken = sharingCampaign("sharing that verifies no piece", sharing);
  await assertRejects(() => simulate(broken.name, { seeds: 20 }, broken.run), SimulationFailure);
});

function isSharing(value: unknown): value is (options: SharingOptions) => Behavior<SharingCommand> {
  return typeof value === "function";
}
