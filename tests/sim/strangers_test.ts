// First, so that Yjs is loaded before the simulator sets its traps.
import "yjs";
import { runCampaign } from "./_harness.ts";
import { strangersWithDatagrams } from "./strangers_datagrams_campaign.ts";
import { strangersAtDoors } from "./strangers_doors_campaign.ts";
import { strangersAtFiles } from "./strangers_files_campaign.ts";
import { strangersInPlaces } from "./strangers_places_campaign.ts";

Deno.test("strangers at every door: each kind ends as it should, and nobody else notices", async () => {
  await runCampaign(strangersAtDoors, 36);
});

Deno.test("strangers in every place: who has none is told so, and who vanished makes room", async () => {
  await runCampaign(strangersInPlaces, 12);
});

Deno.test("strangers with datagrams: no answer is answered, and a name is found at each of its addresses", async () => {
  await runCampaign(strangersWithDatagrams, 4);
});

Deno.test("strangers at every file: nothing outside the folder is touched, and nothing that is said is lost", async () => {
  await runCampaign(strangersAtFiles, 8);
});
