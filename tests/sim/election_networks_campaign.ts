/**
 * The rules of the election alone, in random networks: no sockets and no disks, so that many networks fit
 * into little time. The suite runs a thousand of them in `tests/protocols/election_test.ts`.
 *
 * @module
 */
import { aimedSchedule } from "../election/_aimed.ts";
import { schedule } from "../election/_schedule.ts";
import type { Campaign } from "./_harness.ts";

/** One network a seed. */
export const electionNetworks: Campaign = {
  name: "election in random networks",
  run(sim) {
    schedule(sim.seed);
    return Promise.resolve();
  },
};

/** One network a seed, with faults that are aimed at messages. */
export const electionAimed: Campaign = {
  name: "election with faults at messages",
  run(sim) {
    aimedSchedule(sim.seed);
    return Promise.resolve();
  },
};
