/**
 * Knock-knock over TCP.
 *
 * @module
 */
export { knockServer } from "./knock_server.ts";
export type { LineServerOptions, TcpServerCommand } from "../net/mod.ts";
