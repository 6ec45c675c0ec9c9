import { runCampaign } from "./_harness.ts";
import { electionFiles } from "./election_files_campaign.ts";
import { electionLog } from "./election_log_campaign.ts";

Deno.test("election's files under chaos: no term and no vote is forgotten, and the log names the files that there are", async () => {
  await runCampaign(electionFiles, 50);
});

Deno.test("election's files under chaos: the seeds that have found something once", async () => {
  // A node that had died at a bad moment was held for an old one, and sent away, for ever.
  await runCampaign(electionFiles, [3000192, 3003789]);
});

Deno.test("election's log under chaos: the later token wins, whoever was frozen, and what a person does is put right", async () => {
  await runCampaign(electionLog, 60);
});
