/**
 * A server that gets every joke.
 *
 * @module
 */
import { JOKE_ANSWER } from "../../protocols/joke.ts";
import { type DatagramsCommand, datagramServer, type DatagramServerOptions } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";

/**
 * The joke's server: whatever the datagram, the answer is `Ok`.
 *
 * @example
 * ```ts no-assert
 * import { jokeServer } from "@troupe/actors/joke";
 *
 * const behavior = jokeServer({ address: { hostname: "127.0.0.1", port: 5006 } });
 * ```
 */
export function jokeServer(options: DatagramServerOptions): Behavior<DatagramsCommand> {
  return datagramServer(options, () => JOKE_ANSWER);
}
