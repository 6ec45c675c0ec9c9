import { runCampaign } from "./_harness.ts";
import { netRules } from "./net_rules_campaign.ts";

Deno.test("net by its rules: silence, places, back-pressure, ends, dials, questions, requests and pings", async () => {
  await runCampaign(netRules, 50);
});
