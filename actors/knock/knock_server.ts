/**
 * Who is there? A server that asks.
 *
 * @module
 */
import { KNOCK_ANSWER } from "../../protocols/knock.ts";
import { excerpt } from "../../protocols/visible_text.ts";
import { lineServer, type LineServerOptions, type TcpServerCommand } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";

/**
 * The knock-knock server: logs what it is told, and asks `Whose there?`.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { knockServer } from "@troupe/actors/knock";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = knockServer({ address: { hostname: "127.0.0.1", port: 0 } });
 * const server = system.spawn("knock", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("Knock Knock..\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "Whose there?\n");
 * ```
 */
export function knockServer(options: LineServerOptions): Behavior<TcpServerCommand> {
  return lineServer(options, (connection) => ({
    frame(line) {
      connection.context.log.plain(`SERVER RECEIVED: ${excerpt(line)}`, {
        event: "request",
        client: connection.remote,
      });
      connection.sendText(`${KNOCK_ANSWER}\n`);
    },
  }));
}
