import { chatCluster } from "./chat_cluster_campaign.ts";
import { runCampaign } from "./_harness.ts";

Deno.test("chat of many servers: nothing heard is lost, nothing is said twice, a name is one person's", async () => {
  await runCampaign(chatCluster, 6);
});
