import { assertRejects } from "@std/assert";
import { simulate, SimulationFailure } from "../../actors/world/sim/mod.ts";
import { runCampaign } from "./_harness.ts";
import { editor, editorCampaign } from "./editor_campaign.ts";
import { editorClientAlone } from "./editor_client_campaign.ts";

Deno.test("editor under chaos: what a client has seen stays in its place, and everybody sees the same", async () => {
  await runCampaign(editor, 200);
});

Deno.test("editor's client: whatever the pieces, the silence and the cuts, every line of others is shown once", async () => {
  await runCampaign(editorClientAlone, 150);
});

Deno.test("editor under chaos: the seeds that have found something once", async () => {
  // 3005504: what was said by who was gone before it was in was lost, in its beginning.
  await runCampaign(editor, [58, 2098, 10314, 26753, 3001680, 3005504]);
});

for (const sync of ["never", "interval"] as const) {
  Deno.test(`editor under chaos: one that broadcasts before it syncs (${sync}) is found out`, async () => {
    const broken = editorCampaign(sync);
    await assertRejects(() => simulate(broken.name, { seeds: 200 }, broken.run), SimulationFailure);
  });
}
