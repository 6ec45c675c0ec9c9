/**
 * The rules of the election alone, in random networks: no sockets and no disks, so that many networks fit
 * into little time. The suite runs a thousand of them in `tests/protocols/election_test.ts`.
 *
 * @module
 */
import { aimedSchedule, type Strike, STRIKES } from "../election/_aimed.ts";
import { schedule } from "../election/_schedule.ts";
import { NETWORK_EVENTS, type NetworkEvent } from "../election/_network.ts";
import type { Campaign } from "./_harness.ts";

/** One network a seed. */
export const electionNetworks: Campaign = {
  name: "election in random networks",
  sometimes: NETWORK_EVENTS,
  run(sim) {
    schedule(sim.seed, { happened: (what: NetworkEvent) => sim.sometimes(what) });
    return Promise.resolve();
  },
};

/** What faults that are aimed at messages do not do. */
const UNAIMED: readonly NetworkEvent[] = ["a node died between two actions", "a node forgot its vote"];

/** One network a seed, with faults that are aimed at messages. */
export const electionAimed: Campaign = {
  name: "election with faults at messages",
  sometimes: [...NETWORK_EVENTS.filter((what) => !UNAIMED.includes(what)), ...STRIKES],
  run(sim) {
    aimedSchedule(sim.seed, {
      happened: (what: NetworkEvent) => sim.sometimes(what),
      struck: (what: Strike) => sim.sometimes(what),
    });
    return Promise.resolve();
  },
};
