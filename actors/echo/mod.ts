/**
 * Echo over TCP and UDP, on both families at once.
 *
 * @module
 */
export { echoServer, type EchoServerOptions } from "./echo_server.ts";
export type { TcpServerCommand } from "../net/mod.ts";
