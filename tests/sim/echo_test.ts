import { runCampaign } from "./_harness.ts";
import { echo } from "./echo_campaign.ts";

Deno.test("echo under chaos: every byte comes back in its place, or the connection is lost", async () => {
  await runCampaign(echo, 60);
});
