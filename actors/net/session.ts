/**
 * What a service is given for one connection, and what it gives back: no service sees a socket.
 *
 * @module
 */
import type { Context } from "../runtime/behavior.ts";
import type { Ref } from "../runtime/ref.ts";
import type { SocketAddress } from "../world/world.ts";

/** Why a connection ended. */
export type CloseReason =
  /** The peer ended its stream, and all that was to be sent was sent. */
  | { readonly type: "ended" }
  /** This side closed it: the session said so, or the server stopped. */
  | { readonly type: "closed" }
  | { readonly type: "idle" }
  /** It did not shake hands, or did not log in, in time. */
  | { readonly type: "late"; readonly phase: "handshake" | "login" }
  /** It was silent for so long that it had to make room for another: see `vanishedMs`. */
  | { readonly type: "vanished" }
  /** It speaks another protocol: nothing of it was handled. */
  | { readonly type: "foreign"; readonly protocol: "HTTP" | "TLS" }
  /** It did not read what it was sent, for too long or too much of it. */
  | { readonly type: "slow" }
  /** It broke the rules of the frames; the text was sent to it. */
  | { readonly type: "bad-frame"; readonly message: string }
  /** The connection was lost, or the session failed. */
  | { readonly type: "failed"; readonly error: unknown };

/**
 * Makes the session of one connection: run once a connection, inside the connection's actor.
 *
 * @typeParam F one frame of what the peer sends
 * @typeParam M the messages that other actors may send to this connection's actor
 */
export type SessionFactory<F, M = never> = (connection: Connection<M>) => Session<F, M>;

/** How one connection is served. All of it runs inside the connection's actor, one call at a time. */
export interface Session<in F, in M = never> {
  /**
   * One frame came. A promise holds back the actor and the next read until it settles. Bytes are valid until
   * it returns.
   */
  frame(frame: F): void | Promise<void>;
  /** A message came from another actor. */
  message?(message: M): void | Promise<void>;
  /**
   * The connection is closed after this: the peer broke the rules of the frames, was late to log in, or has
   * to make room. The session tells it why, in its own protocol. Without this, `Error: MESSAGE` and `\n` are
   * sent.
   */
  farewell?(message: string): void;
  /** The peer has ended its sending half. Without this, what is queued is sent and the connection closed. */
  ended?(): void | Promise<void>;
  /**
   * The server is about to stop: the last chance to say goodbye. What is queued is still sent, within the
   * drain time.
   */
  draining?(): void;
  /** The connection is over. Called once, last. */
  closed?(reason: CloseReason): void;
}

/**
 * The tools of an actor that serves a connection or a peer. Its handler is not to be replaced: what the
 * network brings goes through the same mailbox.
 */
export type SessionContext<M> = Omit<Context<M>, "become" | "receiveTimeout">;

/** Somebody on the other side of a socket, and the actor that serves it. */
export interface Peer<M = never> {
  /** The actor, for others to send to. */
  readonly self: Ref<M>;
  /** The actor's own tools: spawn, watch, timers (their messages come as those of others do), log, world. */
  readonly context: SessionContext<M>;
  /** The peer. */
  readonly remoteAddress: SocketAddress;
  /** This side. */
  readonly localAddress: SocketAddress;
  /** `127.0.0.1:40412`, `[::1]:40752`. */
  readonly remote: string;
}

/** One connection, as its session sees it. */
export interface Connection<M = never> extends Peer<M> {
  /**
   * Queues bytes. They are copied: the array is the caller's again. What is queued goes out as few writes.
   * No-op once closing.
   */
  send(bytes: Uint8Array): void;
  /** Queues a text as UTF-8 (as it is: no line end is added). */
  sendText(text: string): void;
  /** Milliseconds since all that the peer sent was handled: it may have vanished without a word. */
  readonly silentMs: number;
  /** The peer has yet to say who it is: from now on it has `loginTimeoutMs` for it. */
  awaitLogin(): void;
  /** The peer has said who it is: the time for its login no longer runs. */
  loggedIn(): void;
  /**
   * Closes a peer that was silent for long, if that is so, for somebody who needs its place or its name: says
   * whether it did.
   */
  makeRoom(): boolean;
  /** Bytes queued and not yet given to the kernel. */
  readonly queuedBytes: number;
  /**
   * Resolves once fewer than `lowWaterBytes` (default 64 KiB) are queued; rejects when the connection closes
   * first. For pieces of something long.
   */
  drained(): Promise<void>;
  /**
   * Allows the queue to grow by so many bytes more: for what the peer is owed at once, a snapshot,
   * that must not count against `maxOutboundBytes`.
   */
  allowOutbound(extraBytes: number): void;
  /**
   * Stops reading from the peer, until {@linkcode Connection.resume}: its kernel and then itself are slowed
   * down.
   */
  pause(): void;
  /** Reads from the peer again. */
  resume(): void;
  /** Sends what is queued, then closes. What is sent to it from now on is ignored. */
  end(reason?: CloseReason): void;
  /**
   * Ends the sending half once what is queued is sent: the peer hears that it has heard all, and its own end
   * closes the connection. For a client that leaves and is still sent things: closing at once would reset the
   * connection, and take back what the peer has not read yet.
   */
  endSending(): void;
  /** Closes at once; what is queued is lost. */
  abort(error: unknown): void;
}
