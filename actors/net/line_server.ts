/**
 * TCP servers that speak in lines of text, which is most of them.
 *
 * @module
 */
import { lineFrames, type LineFramesOptions } from "../../protocols/frames.ts";
import type { Behavior } from "../runtime/mod.ts";
import { formatAddresses } from "./_listening.ts";
import type { SocketAddress } from "../world/world.ts";
import type { CloseReason, Session, SessionFactory } from "./session.ts";
import { tcpServer, type TcpServerCommand, type TcpServerOptions } from "./tcp_server.ts";

/** Options of {@linkcode lineServer}, and of the services that are one. */
export interface LineServerOptions
  extends
    Pick<TcpServerOptions<string>, "address" | "tls" | "limits" | "drainMs" | "login">,
    LineFramesOptions {
  /** Told the real address as soon as the socket listens. */
  readonly onListening?: (address: SocketAddress) => void;
}

/**
 * A TCP server whose frames are lines. It logs where it listens and who is gone.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { lineServer } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const behavior = lineServer({ address: { hostname: "127.0.0.1", port: 0 } }, (connection) => ({
 *   frame: (line) => connection.sendText(line.toUpperCase() + "\n"),
 * }));
 * const server = system.spawn("shout", behavior, { onFailure: escalate() });
 *
 * const { port } = await server.ask({ type: "get-address" }, { timeoutMs: 1000 });
 * using client = await Deno.connect({ port });
 * await client.write(new TextEncoder().encode("hello\n"));
 * const answer = new Uint8Array(64);
 * const length = await client.read(answer) ?? 0;
 * assertEquals(new TextDecoder().decode(answer.subarray(0, length)), "HELLO\n");
 * ```
 */
export function lineServer<M = never>(
  options: LineServerOptions,
  session: SessionFactory<string, M>,
): Behavior<TcpServerCommand> {
  const { maxFrameBytes, idleFlushMs, onListening, ...rest } = options;
  const framing: LineFramesOptions = {
    ...(maxFrameBytes === undefined ? {} : { maxFrameBytes }),
    ...(idleFlushMs === undefined ? {} : { idleFlushMs }),
  };
  return (self) =>
    tcpServer<string, M>({
      ...rest,
      frames: () => lineFrames(framing),
      session: (connection) => {
        const served = session(connection);
        return withClosed(served, (reason) => {
          served.closed?.(reason);
          const { remote: client, context: { log } } = connection;
          log.plain(`Connection lost with client: ${client}`, {
            event: "disconnected",
            client,
            reason: reason.type,
          });
        });
      },
      onListening: (address, all) => {
        onListening?.(address);
        self.log.info(`Server listening on ${formatAddresses(all)}`, { event: "listening", ...address });
      },
    })(self);
}

/** The same session with another `closed`. What it does not have stays missing: its absence has a meaning. */
function withClosed<M>(
  served: Session<string, M>,
  closed: (reason: CloseReason) => void,
): Session<string, M> {
  const { message, ended, draining, farewell } = served;
  return {
    frame: (line) => served.frame(line),
    ...(message === undefined ? {} : { message: (told: M) => message.call(served, told) }),
    ...(ended === undefined ? {} : { ended: () => ended.call(served) }),
    ...(farewell === undefined ? {} : { farewell: (why: string) => farewell.call(served, why) }),
    ...(draining === undefined ? {} : { draining: () => draining.call(served) }),
    closed,
  };
}
