// First, so that Yjs is loaded before the simulator sets its traps: it takes chance for the number of a
// new document, which is
// replaced by one of the world's at once.
import { together } from "./_together.ts";
import { runCampaign } from "./_harness.ts";

Deno.test("editor through all doors under chaos: all end with one text, what was acknowledged is there, nothing twice", async () => {
  await runCampaign(together, 25);
});

Deno.test("editor through all doors under chaos: the seeds that have found something once", async () => {
  // 5: a file that holds what it was last given, merged once more against the text before. 60, 77: an edit
  // of the server's own
  // in one transaction with others' went to where the text had been before them. 79: it looked like a
  // thief of its number. 16, 80: an edit of the file while nobody was at the web door was told to line
  // clients as an append. 49: a snapshot was read out of a file that somebody had just edited.
  await runCampaign(together, [5, 16, 49, 60, 77, 79, 80]);
});
