/**
 * The UDP joke.
 *
 * @module
 */
export { jokeServer } from "./joke_server.ts";
export type { DatagramsCommand, DatagramServerOptions } from "../net/mod.ts";
