/**
 * Servers and clients of the tests of sockets as actors.
 *
 * @module
 */
import {
  type CloseReason,
  type Connection,
  type Session,
  tcpServer,
  type TcpServerCommand,
  type TcpServerOptions,
} from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { World } from "../../actors/world/world.ts";
import { ActorSystem, type Behavior, escalate, type Ref } from "../../mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { deadline } from "../_helpers.ts";

/** The real world, in silence: what is logged of failures that a test wants is no news. */
export function quietWorld(): World {
  return { ...denoWorld(), log: { enabled: () => false, write() {} } };
}

/** A system that runs one behaviour, and is stopped at the end of the block. */
export interface Running<C> extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly ref: Ref<C>;
}

/** Starts a behaviour in a system of its own. */
export function run<C>(behavior: Behavior<C>, world = quietWorld()): Running<C> {
  const system = new ActorSystem("test", { world });
  // Looked at by the tests that expect a failure; else a failure shows in what the test waits for.
  system.terminated.catch(() => {});
  const ref = system.spawn("net", behavior, { onFailure: escalate() });
  return { system, ref, [Symbol.asyncDispose]: () => system.stop() };
}

/** A server that is listening. */
export interface Server extends Running<TcpServerCommand> {
  readonly port: number;
  /** Why each connection that is over ended, in that order. */
  readonly over: CloseReason[];
  /** The next reason. */
  nextOver(): Promise<CloseReason>;
}

/** Options of {@linkcode startServer}: of `tcpServer`, with less to say. */
export type ServerOptions<F, M> =
  & Partial<Omit<TcpServerOptions<F, M>, "session" | "frames">>
  & Pick<TcpServerOptions<F, M>, "frames">;

/** Starts a server on a free port. */
export async function startServer<F, M = never>(
  options: ServerOptions<F, M>,
  session: (connection: Connection<M>) => Session<F, M>,
): Promise<Server> {
  const listening = Promise.withResolvers<number>();
  const over: CloseReason[] = [];
  const events = new EventTarget();
  const behavior = tcpServer<F, M>({
    address: { hostname: "127.0.0.1", port: 0 },
    onListening: ({ port }) => listening.resolve(port),
    ...options,
    session(connection) {
      const served = session(connection);
      const closed = served.closed?.bind(served);
      return Object.assign(served, {
        closed(reason: CloseReason) {
          closed?.(reason);
          over.push(reason);
          events.dispatchEvent(new Event("over"));
        },
      });
    },
  });
  const running = run(behavior);
  let seen = 0;
  return {
    ...running,
    port: await deadline(listening.promise, undefined, "listening"),
    over,
    async nextOver() {
      while (over[seen] === undefined) {
        const happened = new Promise((resolve) => events.addEventListener("over", resolve, { once: true }));
        await deadline(happened, undefined, "the end of a connection");
      }
      const reason = over[seen++];
      if (reason === undefined) throw new Error("Cannot happen: there is a reason");
      return reason;
    },
  };
}

/** A server of lines. */
export function startLines<M = never>(
  session: (connection: Connection<M>) => Session<string, M>,
  options: Partial<ServerOptions<string, M>> = {},
): Promise<Server> {
  return startServer<string, M>({ frames: () => lineFrames(), ...options }, session);
}

/** Answers each line with itself. */
export function echoLines<M>(connection: Connection<M>): Session<string, M> {
  return { frame: (line) => connection.sendText(`${line}\n`) };
}
