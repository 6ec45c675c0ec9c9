/**
 * All cores of one machine: a program in several threads of one process, which are one cluster.
 *
 * @module
 */
export type { CoreReports, LivingCore } from "./coordinator.ts";
export type { Core, CoreLogOptions, CoreProgram } from "./core.ts";
export { type CoordinatedOptions, coordinatedSystem, type CoresOptions, isCore, run } from "./run.ts";
