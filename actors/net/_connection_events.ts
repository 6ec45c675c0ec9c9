/**
 * The messages of a connection: to its own actor, and to the actor that made it.
 *
 * @module
 */
import type { Ref } from "../runtime/ref.ts";
import type { InboundEvent } from "./_inbound.ts";
import type { CloseReason } from "./session.ts";

/** What a connection tells the actor that made it. */
export class ConnectionNotice {
  readonly connection: Ref<never>;
  readonly type: "silent" | "heard" | "over";
  /** Why it is over. */
  readonly reason: CloseReason | undefined;
  constructor(connection: Ref<never>, type: ConnectionNotice["type"], reason?: CloseReason) {
    this.connection = connection;
    this.type = type;
    this.reason = reason;
  }
}

/** A message to a connection's own actor, told from the session's messages by its class. */
export class ConnectionEvent {
  readonly type: InboundEvent | "opened" | "time" | "make-room";
  constructor(type: ConnectionEvent["type"]) {
    this.type = type;
  }
}

/** Each event, made once. */
export const EVENTS: { readonly [T in ConnectionEvent["type"]]: ConnectionEvent } = {
  received: new ConnectionEvent("received"),
  lost: new ConnectionEvent("lost"),
  "paused-chunk": new ConnectionEvent("paused-chunk"),
  "go-on": new ConnectionEvent("go-on"),
  opened: new ConnectionEvent("opened"),
  time: new ConnectionEvent("time"),
  "make-room": new ConnectionEvent("make-room"),
};

/** Tells a connection that its place is needed, if its peer is still silent. */
export const MAKE_ROOM: ConnectionEvent = EVENTS["make-room"];
