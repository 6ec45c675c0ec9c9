import { runCampaign } from "./_harness.ts";
import { electionFiles } from "./election_files_campaign.ts";

Deno.test("election's files under chaos: no term and no vote is forgotten, and the log names the files that there are", async () => {
  await runCampaign(electionFiles, 40);
});
