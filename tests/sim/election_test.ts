import { runCampaign } from "./_harness.ts";
import { election } from "./election_campaign.ts";

Deno.test("election under chaos: never two leaders in one term, and a leader in time", async () => {
  await runCampaign(election, 100);
});
