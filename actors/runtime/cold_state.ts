/**
 * What few actors need.
 *
 * @module
 */
import type { Admission } from "./admission.ts";
import type { AskList, PendingAsk } from "./ask.ts";
import type { Child, Children, RestartRecord } from "./children.ts";
import type { Ending } from "./ending.ts";
import type { Envelope } from "./envelope.ts";
import type { ActorStopped } from "./errors.ts";
import type { StopReason } from "./events.ts";
import type { Ring } from "./ring.ts";
import type { Placed } from "./system_core.ts";

/** Made when first needed: with 100,000 idle actors each field of an actor is a megabyte. */
export class ColdState {
  /** The mailbox is bounded, or has messages that go first. */
  admission: Admission | undefined;
  /** Messages that go before those of the mailbox. */
  urgent: Ring<unknown> | undefined;
  /** Who is told of its end, and the actor that asked for it, where one did. */
  watchers: Map<(reason: StopReason) => void, Placed | undefined> | undefined;
  /** Who waits for a life of this actor to start. */
  startWaiters: Set<(failure?: ActorStopped) => void> | undefined;
  record: RestartRecord | undefined;
  children: Children | undefined;
  /** The child in whose place this actor failed. */
  escalatedBy: { readonly child: Child; readonly error: unknown } | undefined;
  /** Who waits for its answers. */
  asks: AskList | undefined;
  /** The question that this actor failed on, and how, until it is decided what becomes of it. */
  failedQuestion: { readonly question: PendingAsk<never>; readonly error: unknown } | undefined;
  /** The end of the life, under way. */
  ending: Ending | undefined;
  /** Where it stands, if that is long. */
  path: string | undefined;
  isStoppingForGood = false;
  /** The most messages that waited, where a turn did not handle as many. */
  highWater = 0;
  /** What an interrupted turn has not come to. */
  leftOfTurn = 0;
  reason: StopReason = STOPPED_REASON;
  /** The kinds of messages that it has handled, where there is more than one. */
  kinds: Set<unknown> | undefined;
  /** The envelope of the message that was handled last of those that came in one. */
  opened: Envelope | undefined;
  /** Which handling that is: an equal message that comes later, told by another, has none. */
  openedAt = 0;
  /** So many messages more are timed one by one, since one of its handlers was slow. */
  timed = 0;
}

const STOPPED_REASON: StopReason = Object.freeze({ type: "stopped" });
