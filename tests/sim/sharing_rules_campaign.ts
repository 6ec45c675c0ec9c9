/**
 * The sharing by its rules: one node of ours, and a swarm in which everybody else does what a script says.
 * Each scene asks for one thing that a torrent client owes to others, or to who asked it for a file.
 *
 * @module
 */
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TestTorrent } from "../sharing/_torrent.ts";
import type { Campaign } from "./_harness.ts";
import * as giving from "./_sharing_giving.ts";
import * as taking from "./_sharing_taking.ts";
import { playScenes, type Scene } from "./_scenes.ts";
import { scriptedTorrent } from "./_scripted_swarm.ts";

type SwarmScene = readonly [name: string, play: (sim: SimWorld, torrent: TestTorrent) => Promise<void>];

const SWARM_SCENES: readonly SwarmScene[] = [
  ["a liar is banned", taking.liar],
  ["who leaves or refuses holds nothing up", taking.quitters],
  ["an unsteady peer is dialled again", taking.unsteady],
  ["a tracker that fails is asked again", taking.failingTracker],
  ["a download keeps to its limit", taking.limitedDownload],
  ["an upload keeps to its limit", giving.limitedUpload],
  ["who takes most is served", giving.served],
  ["the catalog follows its nodes", giving.catalog],
  ["what was fetched is not fetched again", taking.resumed],
  ["what is there is looked at", taking.foundParts],
  ["what was told to be there is there", taking.durable],
  ["a download that cannot end fails", taking.failing],
  ["what is cancelled is not sent", giving.cancelled],
  ["a file that is changed is not given", giving.changed],
  ["a file that is changed at once is not given", taking.changedAtOnce],
  ["what has come is given", taking.givenMeanwhile],
  ["what the disk refuses is not there", taking.refused],
  ["who says nothing holds nothing up", taking.silent],
  ["metadata is checked", taking.magnet],
  ["a name that is taken stays", taking.takenMeanwhile],
  ["what has gone is not given", giving.gone],
  ["who asks second is told so", taking.askedTwice],
  ["who failed may ask again", taking.askedAgain],
  ["who gives nothing keeps nobody", taking.changedElsewhere],
  ["the tracker remembers and forgets", giving.announced],
  ["who is back is asked again", taking.backAgain],
  ["what cannot be had ends nothing", taking.withheld],
];

const SCENES = SWARM_SCENES.map(([name, play]): Scene => [
  name,
  (sim) => play(sim, scriptedTorrent(sim, sim.random.integer(3, 8))),
]);

/** Seven seeds play them all. */
const SCENES_A_SEED = 2;

/** The sharing as it is. */
export const sharingRules: Campaign = {
  name: "sharing by its rules",
  sometimes: [
    ...["fault: killed", "fault: power cut", "fault: sync fails, pages dropped"],
    ...SCENES.map(([name]) => `sometimes: ${name}`),
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  sim.net.configure({ latencyMs: [0.2, sim.random.integer(1, 30)], bytesPerSecond: 100_000_000 });
  // Who makes the torrents is nobody's peer.
  await playScenes(sim, SCENES, SCENES_A_SEED, (hostname) => hostname === "maker");
}
