/**
 * What a connection is made of.
 *
 * @module
 */
import type { ForeignProtocol } from "../../protocols/foreign_greeting.ts";
import type { FrameDecoder } from "../../protocols/frames.ts";
import type { Ref } from "../runtime/ref.ts";
import type { ConnectionNotice } from "./_connection_events.ts";
import type { ConnectionTools } from "./_sending.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { SessionFactory } from "./session.ts";

/** Options of `connectionActor`: the same for all connections of a server, and one object for all. */
export interface ConnectionOptions<F, M> {
  readonly frames: () => FrameDecoder<F>;
  readonly session: SessionFactory<F, M>;
  readonly limits: ConnectionLimits;
  /** Milliseconds in which a stop lets it send what is queued. */
  readonly drainMs: number;
  readonly tools: ConnectionTools;
  /** The session asks who the peer is first, within `limits.loginTimeoutMs`. */
  readonly login: boolean;
  /** The greetings that the service takes for its own: those of other protocols are refused. */
  readonly greetings: readonly ForeignProtocol[];
  /** The peer is read also while much waits for it: the session slows it down, not the connection. */
  readonly readsWhileCongested: boolean;
  /** Told of the connection's silence and of its end. */
  readonly owner: Ref<ConnectionNotice>;
}
