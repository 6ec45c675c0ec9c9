/**
 * The collaborative editor: a plain text that many write together, a line at a time, and that outlives crashes.
 *
 * @module
 */
export * from "./document.ts";
export * from "./editor_client.ts";
export * from "./editor_server.ts";
export type { LineServerOptions, TcpServerCommand } from "../net/mod.ts";
