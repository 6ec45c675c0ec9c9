/**
 * Net by its rules: servers and clients of its own, and peers that do what a script says. Each scene asks for
 * one thing that a peer is owed, and that chaos seldom comes to.
 *
 * @module
 */
import type { Campaign } from "./_harness.ts";
import * as dialling from "./_net_scenes_dialling.ts";
import * as flow from "./_net_scenes_flow.ts";
import * as silence from "./_net_scenes_silence.ts";
import * as web from "./_net_scenes_web.ts";
import { playScenes, type Scene } from "./_scenes.ts";

const SCENES: readonly Scene[] = [
  ["who is silent is idle", silence.idle],
  ["who is silent for long makes room", silence.room],
  ["the places of one address", silence.addresses],
  ["who does not log in", silence.login],
  ["who does not read is not read from", flow.backPressure],
  ["whom a session does not want to hear", flow.paused],
  ["who reads slowly, and who does not", flow.slowReaders],
  ["who ends its half", flow.halfClosed],
  ["a server that is asked to stop", flow.stopped],
  ["lines in pieces", flow.pieces],
  ["who is refused", flow.refused],
  ["who dials again", dialling.dialled],
  ["whom a UDP server knows", dialling.knownPeers],
  ["questions over UDP", dialling.questions],
  ["requests of HTTP and the time between them", web.requests],
  ["WebSockets and their pings", web.pings],
  ["WebSockets that are closed", web.closes],
];

/** Five seeds play them all. */
const SCENES_A_SEED = 4;

/** Net as it is. */
export const netRules: Campaign = {
  name: "net by its rules",
  sometimes: SCENES.map(([name]) => `sometimes: ${name}`),
  async run(sim) {
    sim.net.configure({ latencyMs: [0.2, 1], bytesPerSecond: 100_000_000 });
    await playScenes(sim, SCENES, SCENES_A_SEED);
  },
};
