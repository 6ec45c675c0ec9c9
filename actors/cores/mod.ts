/**
 * All cores of one machine: a program in several threads of one process, which are one cluster.
 *
 * @module
 */
export type { CoreReports, LivingCore } from "./coordinator.ts";
export type { Core, CoreProgram } from "./core.ts";
export type { CoreLogOptions } from "./messages.ts";
export { type CoordinatedOptions, coordinatedSystem, type CoresOptions, isCore, run } from "./run.ts";
