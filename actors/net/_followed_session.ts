/**
 * Frames as the beginnings of traces, and what is sent to peers as their ends.
 *
 * @module
 */
import type { ActorTracer, TraceStart } from "../runtime/tracing.ts";
import type { SocketAddress } from "../world/world.ts";
import type { Connection, Session } from "./session.ts";

/** What a trace says of a peer: OpenTelemetry's names of network attributes. */
export function peerAttributes(
  transport: "tcp" | "udp",
  remote: SocketAddress,
  local: SocketAddress,
  actor: string,
): TraceStart["attributes"] {
  return {
    "network.transport": transport,
    "network.peer.address": remote.hostname,
    "network.peer.port": remote.port,
    "network.local.port": local.port,
    "troupe.actor.path": actor,
  };
}

/** The same session, whose frames are followed where the system has a tracer. */
export function followedSession<F, M>(session: Session<F, M>, connection: Connection<M>): Session<F, M> {
  const { tracer } = connection.context;
  return tracer === undefined ? session : new FollowedSession(session, connection, tracer);
}

class FollowedSession<F, M> implements Session<F, M> {
  readonly #session: Session<F, M>;
  readonly #connection: Connection<M>;
  readonly #tracer: ActorTracer;
  readonly farewell?: (message: string) => void;
  readonly ended?: () => void | Promise<void>;

  constructor(session: Session<F, M>, connection: Connection<M>, tracer: ActorTracer) {
    this.#session = session;
    this.#connection = connection;
    this.#tracer = tracer;
    // What a session does not have stays missing: its absence has a meaning.
    if (session.farewell !== undefined) this.farewell = (message) => session.farewell?.(message);
    if (session.ended !== undefined) this.ended = () => session.ended?.();
  }

  frame(frame: F): void | Promise<void> {
    const tracer = this.#tracer;
    const step = tracer.begin(this.#connection.context.coarseNow, this.#describe);
    if (step === undefined) return this.#session.frame(frame);
    return tracer.follow(step, () => this.#noting(() => this.#session.frame(frame)));
  }

  message(message: M): void | Promise<void> {
    return this.#noting(() => this.#session.message?.(message));
  }

  draining(): void {
    this.#session.draining?.();
  }

  closed(reason: Parameters<NonNullable<Session<F, M>["closed"]>>[0]): void {
    this.#session.closed?.(reason);
  }

  readonly #describe = (): TraceStart => {
    const { remoteAddress, localAddress, context } = this.#connection;
    return { name: "frame", attributes: peerAttributes("tcp", remoteAddress, localAddress, context.path) };
  };

  /** Notes what was sent to the peer, if the work is followed. */
  #noting(work: () => void | Promise<void>): void | Promise<void> {
    const connection = this.#connection;
    const before = connection.queuedBytes;
    const note = () => {
      const bytes = connection.queuedBytes - before;
      if (bytes > 0) this.#tracer.note("sent", { "network.io.bytes": bytes });
    };
    const result = work();
    if (result instanceof Promise) return result.finally(note);
    note();
  }
}
