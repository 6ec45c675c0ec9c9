import { runCampaign } from "./_harness.ts";
import { services } from "./services_campaign.ts";

Deno.test("small services under chaos: every answer is the right one, or there is none", async () => {
  await runCampaign(services, 20);
});
