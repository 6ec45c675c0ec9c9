// First, so that Yjs is loaded before the simulator sets its traps: it takes chance for the number of a
// new document, which is
// replaced by one of the world's at once.
import { fileFollows, slowPerson, together, togetherCampaign } from "./together_campaign.ts";
import { editorRules } from "./editor_rules_campaign.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { editorServer } from "../../actors/editor/mod.ts";
import { simulate, SimulationFailure, type SimulationRun } from "../../actors/world/sim/mod.ts";
import { runCampaign } from "./_harness.ts";
import { mutant } from "./_mutant.ts";

Deno.test("editor through all doors under chaos: all end with one text, what was acknowledged is there, nothing twice", async () => {
  await runCampaign(together, 160);
});

Deno.test("editor through all doors under chaos: a seed's run is the same whatever ran before it", async () => {
  const hashes: string[] = [];
  const progress = ({ hash }: SimulationRun) => void hashes.push(hash);
  const seeds = [1418, 8, 9, 10, 11, 12, 13, 1418];
  await simulate(together.name, { seeds, repeatEvery: seeds.length, progress }, together.run);
  assertEquals(new Set(hashes).size, seeds.length - 1);
  assertEquals(hashes.at(-1), hashes[0]);
});

Deno.test("editor by its rules: limits, order, presence, tokens, and what a failed save leaves behind", async () => {
  await runCampaign(editorRules, 84);
});

Deno.test("editor: the file holds the text after each pause, though it is looked at all the time", async () => {
  // 6: its turn to be written came while it was being looked at, and nobody came back to that.
  await runCampaign(fileFollows, 8);
});

Deno.test("editor: who saves what they have made of an old text of the file takes nothing back of what others typed", async () => {
  await runCampaign(slowPerson, 12);
});

for (
  const { what, file, from, to } of [
    {
      what: "acknowledges before the sync",
      file: "actors/editor/collaboration.ts",
      from: "journal.commit(),\n      () =>",
      to: "(journal.commit().catch(() => {}), Promise.resolve()),\n      () =>",
    },
    {
      what: "writes the file before the journal",
      file: "actors/editor/file_synchronizer.ts",
      from: "await this.#options.journal.commit();",
      to: "",
    },
    {
      what: "merges the file's edit against the wrong base",
      file: "actors/editor/recovery.ts",
      from: "return keepLinesWhole(rebaseEdits(edits, diffText(base, text)), text, linesOf(edits, base));",
      to: "return diffText(text, file);",
    },
  ]
) {
  Deno.test(`editor through all doors under chaos: a server that ${what} is found out`, async () => {
    const { editorServer: broken } = await mutant({
      entry: "actors/editor/editor_server.ts",
      file,
      from,
      to,
    });
    assert(isServer(broken));
    const campaign = togetherCampaign(`editor that ${what}`, broken);
    await assertRejects(() => simulate(campaign.name, { seeds: 60 }, campaign.run), SimulationFailure);
  });
}

function isServer(value: unknown): value is typeof editorServer {
  return typeof value === "function";
}
