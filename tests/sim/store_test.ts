import { runCampaign } from "./_harness.ts";
import { store } from "./store_campaign.ts";

Deno.test("store under chaos: what was acknowledged is there in its order, nothing is made up, damage costs little", async () => {
  await runCampaign(store, 50);
});

Deno.test("store under chaos: the seeds that have found something once", async () => {
  // 1, 16: a long line of which some sectors had reached the disk, and not the first, was taken for one that
  // somebody had typed.
  await runCampaign(store, [1, 16]);
});
