/**
 * What the others of a channel read when a client's connection has ended.
 *
 * @module
 */
import type { CloseReason } from "../../net/mod.ts";

/** Why somebody who said nothing has gone, for the others. */
export const CLOSE_TEXTS: Readonly<Record<CloseReason["type"], string>> = {
  "ended": "Connection closed",
  "closed": "Connection closed",
  "idle": "Ping timeout",
  "slow": "Too slow to read what was sent",
  "bad-frame": "Protocol error",
  "foreign": "Protocol error",
  "late": "Registration timeout",
  "vanished": "Made room for others",
  "failed": "Connection reset",
};
