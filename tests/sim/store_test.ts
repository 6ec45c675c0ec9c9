import { runCampaign } from "./_harness.ts";
import { store } from "./store_campaign.ts";

Deno.test("store under chaos: what was acknowledged is there in its order, nothing is made up, damage costs little", async () => {
  await runCampaign(store, 100);
});

Deno.test("store under chaos: the seeds that have found something once", async () => {
  // 1, 16: a long line of which some sectors had reached the disk, and not the first, was taken for one that
  // somebody had typed.
  // 144: what a killed process had put in place was written into by the next one, and went with its name.
  // 1242: what was taken back from an empty text, by a process that was then killed, came again.
  // 1174: the sync that took a refused batch back lost what somebody had saved, which nobody had read.
  // 3014455: of what somebody had put behind a text, and changed since, the former was put back.
  await runCampaign(store, [1, 16, 144, 1174, 1242, 3014455]);
});
