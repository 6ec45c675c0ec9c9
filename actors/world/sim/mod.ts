/**
 * A world in a box: time, network and disk under a seed, for testing actors.
 *
 * The order of the things that are ready at once is the seed's, and so is which actor of a system goes next.
 * Bytes of a TCP connection are late, split and joined, and held up while their way is cut; they are never
 * lost or changed. Of what was not synced, a power cut keeps the beginning of what made a file longer (the
 * last part torn), each overwrite or not, and the first few changes of names of each directory. A disk is
 * slow, full or failing, but does not lie: what it has synced it keeps. A TLS connection carries plain bytes.
 * HTTP messages travel whole.
 *
 * @module
 */
export type { Chaos, ChaosPlan } from "./chaos_plan.ts";
export type { CrashOrder, DiskOperation } from "./disk_faults.ts";
export type { OperationUnderWay } from "./disk_state.ts";
export type { Tearing } from "./file_node.ts";
export { type Program, SimHost, type SimHostOptions } from "./host.ts";
export { SimLog, type SimLogRecord } from "./log.ts";
export type { NetworkConditions } from "./network.ts";
export { type Range, SeededRandom } from "./random.ts";
export { SimDisk } from "./sim_disk.ts";
export { type Cut, SimNet } from "./sim_net.ts";
export { Stepper } from "./stepper.ts";
export { Tally } from "./tally.ts";
export {
  neverIn,
  simulate,
  type SimulateOptions,
  SimulationFailure,
  type SimulationRun,
  type SimulationSummary,
} from "./simulate.ts";
export { switchingZone, type TimeZone } from "./time_zone.ts";
export { formatTrace, Trace, type TraceEvent } from "./trace.ts";
export { SimWorld, simWorld, type SimWorldOptions } from "./world.ts";
export type * from "../world.ts";
export { WorldError } from "../world.ts";
