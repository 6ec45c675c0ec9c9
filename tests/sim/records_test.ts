import { runCampaign } from "./_harness.ts";
import { records } from "./records_campaign.ts";

Deno.test("records under chaos: what was answered stays, and files and record file agree", async () => {
  await runCampaign(records, 200);
});
