/**
 * A calculator over TCP, with a session per client.
 *
 * @module
 */
export { calculatorServer } from "./calculator_server.ts";
export type { LineServerOptions, TcpServerCommand } from "../net/mod.ts";
