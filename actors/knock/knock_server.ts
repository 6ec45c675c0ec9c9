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
 * ```ts no-assert
 * import { knockServer } from "@troupe/actors/knock";
 *
 * const behavior = knockServer({ address: { hostname: "127.0.0.1", port: 5007 } });
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
