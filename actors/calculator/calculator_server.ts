/**
 * A calculator that remembers who it calculates for.
 *
 * @module
 */
import { lineServer, type LineServerOptions, type TcpServerCommand } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";
import { lineDoor } from "./doors/line.ts";

/**
 * The calculator's server. A session is a connection: its first line is the client's name, each further one
 * an expression.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { calculatorServer } from "@troupe/actors/calculator";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = calculatorServer({ address: { hostname: "127.0.0.1", port: 0 } });
 * const server = system.spawn("calculator", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("Ada\n12 + 13\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "25.0\n");
 * ```
 */
export function calculatorServer(options: LineServerOptions): Behavior<TcpServerCommand> {
  return lineServer({ ...options, login: true }, lineDoor);
}
