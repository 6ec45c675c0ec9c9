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
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { jokeServer } from "@troupe/actors/joke";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = jokeServer({ address: { hostname: "127.0.0.1", port: 0 } });
 * const server = system.spawn("joke", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * const client = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
 * const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
 * await client.send(new TextEncoder().encode("I could tell you a UDP joke"), to);
 * const [answer] = await client.receive();
 * client.close();
 * assertEquals(new TextDecoder().decode(answer), "Ok");
 * ```
 */
export function jokeServer(options: DatagramServerOptions): Behavior<DatagramsCommand> {
  return datagramServer(options, () => JOKE_ANSWER);
}
