import { runCampaign } from "./_harness.ts";
import { chat } from "./chat_campaign.ts";

Deno.test("chat under chaos: one order of events for all, and what was heard is in the history", async () => {
  await runCampaign(chat, 25);
});
