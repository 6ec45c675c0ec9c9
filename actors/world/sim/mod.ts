/**
 * A world in a box: time, network and disk under a seed, for testing actors.
 *
 * @module
 */
export type { Chaos, ChaosPlan, Range } from "./chaos.ts";
export type { DiskOperation } from "./disk_state.ts";
export { type Program, SimHost, type SimHostOptions } from "./host.ts";
export { SimLog, type SimLogRecord } from "./log.ts";
export { type Cut, SimNet } from "./net.ts";
export type { NetworkConditions } from "./network.ts";
export { SeededRandom } from "./random.ts";
export { SimDisk } from "./sim_disk.ts";
export {
  simulate,
  type SimulateOptions,
  SimulationFailure,
  type SimulationRun,
  type SimulationSummary,
} from "./simulate.ts";
export { formatTrace, Trace, type TraceEvent } from "./trace.ts";
export { SimWorld, simWorld, type SimWorldOptions } from "./world.ts";
export type * from "../world.ts";
export { WorldError } from "../world.ts";
