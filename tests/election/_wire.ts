/**
 * Lines that a node of a test's own says to its peers.
 *
 * @module
 */
import { encodePeerMessage } from "../../protocols/election_messages.ts";

/** The beat of a node that has started, and neither stands nor follows anybody. */
export const IDLE_BEAT: string = encodePeerMessage({
  type: "beat",
  term: 0,
  leader: 0,
  standing: false,
  started: true,
  plain: false,
  old: [],
  sentMs: 0,
}) + "\n";
