/**
 * Date and time over UDP.
 *
 * @module
 */
export { clockServer, type ClockServerOptions } from "./clock_server.ts";
export type { DatagramsCommand, DatagramServerOptions } from "../net/mod.ts";
