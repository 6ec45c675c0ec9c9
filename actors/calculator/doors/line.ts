/**
 * The door of line clients: a name first, then an expression a line.
 *
 * @module
 */
import { calculate, CALCULATOR_QUIT, SESSION_ENDED } from "../../../protocols/calculator.ts";
import { excerpt } from "../../../protocols/visible_text.ts";
import type { Connection, Session } from "../../net/mod.ts";

/** Makes the session of one line client. */
export function lineDoor(connection: Connection): Session<string> {
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
}
