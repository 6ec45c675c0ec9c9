/**
 * A calculator that remembers who it calculates for.
 *
 * @module
 */
import { calculate, CALCULATOR_QUIT, SESSION_ENDED } from "../../protocols/calculator.ts";
import { excerpt } from "../../protocols/visible_text.ts";
import { lineServer, type LineServerOptions, type TcpServerCommand } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";

/**
 * The calculator's server. A session is a connection: its first line is the client's name, each further one
 * an expression.
 *
 * @example
 * ```ts no-assert
 * import { calculatorServer } from "@troupe/actors/calculator";
 *
 * const behavior = calculatorServer({ address: { hostname: "127.0.0.1", port: 5008 } });
 * ```
 */
export function calculatorServer(options: LineServerOptions): Behavior<TcpServerCommand> {
  return lineServer({ ...options, login: true }, (connection) => {
    const { log } = connection.context;
    let name: string | undefined;
    return {
      frame(line) {
        if (name === undefined) {
          name = excerpt(line, { maxLength: 64 });
          connection.loggedIn();
          log.plain(`SERVER RECEIVED: ${name}`, { event: "named", client: connection.remote, name });
          return;
        }
        const request = line.trim();
        log.plain(`Received request: ${excerpt(request)}`, {
          event: "request",
          client: connection.remote,
          name,
        });
        if (request === CALCULATOR_QUIT) {
          connection.sendText(`${SESSION_ENDED}\n`);
          connection.end();
        } else {
          connection.sendText(`${calculate(line)}\n`);
        }
      },
    };
  });
}
