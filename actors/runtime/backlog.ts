/**
 * What waits behind the first message of a mailbox.
 *
 * @module
 */
import { NO_KIND } from "./kinds.ts";
import { Ring } from "./ring.ts";

/**
 * The messages behind the first, and what is known of those who wait there. Made with the first of them: most
 * actors see one message at a time.
 */
export class Backlog extends Ring<unknown> {
  /** The kind of the message that was looked at last. */
  kind: unknown = NO_KIND;
  /** The most messages that a turn may handle without looking whether there are more than ever. */
  longestTurn = 0;
}
