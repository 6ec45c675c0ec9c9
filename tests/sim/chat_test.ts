import { runCampaign } from "./_harness.ts";
import { chat } from "./chat_campaign.ts";
import { chatHistory } from "./chat_history_campaign.ts";
import { chatIrc } from "./chat_irc_campaign.ts";
import { chatRules } from "./chat_rules_campaign.ts";
import { chatTrouble } from "./chat_trouble_campaign.ts";

Deno.test("chat under chaos: one order of events for all, and what was heard is in the history", async () => {
  await runCampaign(chat, 48);
});

Deno.test("chat under chaos: the seeds that have found something once", async () => {
  // 20: who went while on its way into a room was in it still when the next one came in by the same name.
  // 23: an IRC client that had to wait twice to be let in was never let in.
  // The others: what its oracles have taken for wrong, and was not.
  await runCampaign(chat, [20, 23, 3010368, 3010575, 3018648]);
});

Deno.test("chat by its rules: names, rooms and operators are what a model of them says", async () => {
  await runCampaign(chatRules, 40);
});

Deno.test("chat by its rules: the seeds that have found something once", async () => {
  // 14: who put itself out of its own room, as the last one in it, was in it again.
  await runCampaign(chatRules, [14]);
});

Deno.test("chat's history under chaos: what was kept is there, of each room its last lines, and not of all rooms", async () => {
  await runCampaign(chatHistory, 25);
  await runCampaign(chatHistory, [3002039]);
});

Deno.test("chat in trouble: a disk that fails or hangs silences nobody, and who is put out says nothing more", async () => {
  await runCampaign(chatTrouble, 25);
});

Deno.test("chat over IRC by its rules: modes, invitations and who is watched are what a model of them says", async () => {
  await runCampaign(chatIrc, 25);
});
