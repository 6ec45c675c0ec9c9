/**
 * The editor by its rules: a server, and clients that do what a script says. Each scene asks for one thing
 * that it owes to line clients, browsers, or a person at the file, and that chaos seldom comes to.
 *
 * @module
 */
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { Campaign } from "./_harness.ts";
import * as client from "./_editor_scenes_client.ts";
import * as history from "./_editor_scenes_history.ts";
import * as lines from "./_editor_scenes_lines.ts";
import * as others from "./_editor_scenes_others.ts";
import * as pages from "./_editor_scenes_pages.ts";
import { playScenes, type Scene } from "./_scenes.ts";

const SCENES: readonly Scene[] = [
  ["who sends much is held up until it is saved", lines.heldUp],
  ["who has ended is answered", lines.ended],
  ["a slow reader is sent whole lines", lines.slowReader],
  ["an error comes after the document", lines.errorLast],
  ["what waits behind a failed save is saved", lines.behindFailure],
  ["what was told is synced a little later", lines.syncedLater],
  ["who is too far behind is parted from", lines.farBehind],
  ["what a person changes is told", lines.changedByHand],
  ["the end of a line typed by hand", lines.endedByOther],
  ["an update that comes early waits", pages.early],
  ["nobody speaks for another", pages.present],
  ["a file that is emptied for a moment", pages.emptied],
  ["a file that is saved while it is replaced", pages.savedMeanwhile],
  ["a save fails while others wait and come", pages.failsTogether],
  ["what is told of is on the disk", pages.durable],
  ["who may read changes nothing", pages.reader],
  ["who is there", others.whoIsThere],
  ["who stands for many", others.manyStates],
  ["what a browser types is told once", others.toldOnce],
  ["a browser sends on", others.sendsOn],
  ["a browser sends too much", others.sendsTooMuch],
  ["a document that is opened later", others.opensLater],
  ["one document of one name", others.sameDocument],
  ["a client of Hocuspocus", others.hocuspocus],
  ["versions", history.versions],
  ["a text at its limit", history.limited],
  ["a token for reading", history.mayRead],
  ["a file in trouble", history.fileInTrouble],
  ["a history that is taken away", history.historyLost],
  ["what is written to an old file", history.lateSave],
  ["a document that was let go is opened again", pages.reopened],
  ["a line of others that is like an own one", client.alike],
  ["a server that is full", client.fullServer],
  ["who writes much waits for its turn", client.writesMuch],
  ["a client leaves", client.leaves],
  ["the document has come", client.settled],
  ["lines that come slowly", client.rememberedEnds],
];

/** Seven seeds play them all. */
const SCENES_A_SEED = 3;

/** The editor as it is. */
export const editorRules: Campaign = {
  name: "editor by its rules",
  sometimes: SCENES.map(([name]) => `sometimes: ${name}`),
  run,
};

async function run(sim: SimWorld): Promise<void> {
  sim.net.configure({ latencyMs: [0.2, 1], bytesPerSecond: 100_000_000 });
  await playScenes(sim, SCENES, SCENES_A_SEED);
}
