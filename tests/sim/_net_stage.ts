/**
 * What the scenes of net by its rules have in common: a server whose sessions do what they are told, and its
 * clients.
 *
 * @module
 */
import { assert } from "@std/assert";
import {
  type CloseReason,
  type Connection,
  type Session,
  tcpServer,
  type TcpServerOptions,
} from "../../actors/net/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { service } from "./_harness.ts";
import { freshHost, LinePeer, SOON_MS } from "./_line_peer.ts";

export const PORT = 80;

/** What a session is told of by itself, later. */
export type Later = string;

/** A server of lines, and how its connections ended. */
export class NetStage {
  readonly sim: SimWorld;
  readonly server: SimHost;
  readonly over: { readonly reason: CloseReason; readonly atMs: number }[] = [];

  /** @param session each connection's; by default each line is answered with itself */
  constructor(
    sim: SimWorld,
    options: Partial<TcpServerOptions<string, Later>> = {},
    session: (connection: Connection<Later>) => Session<string, Later> = echoing,
  ) {
    this.sim = sim;
    this.server = freshHost(sim, "net");
    this.server.start(service("net", () =>
      tcpServer<string, Later>({
        address: { hostname: "::", port: PORT },
        frames: () => lineFrames({ idleFlushMs: 0 }),
        session: (connection) => {
          const served = session(connection);
          const closed = served.closed?.bind(served);
          return Object.assign(served, {
            closed: (reason: CloseReason) => {
              closed?.(reason);
              this.over.push({ reason, atMs: sim.now });
            },
          });
        },
        ...options,
      })));
  }

  /** A client, on a host of its own where none is given. */
  client(host = freshHost(this.sim, "client"), hostname = this.server.name): Promise<LinePeer> {
    return LinePeer.connect(this.sim, host.world, hostname, PORT);
  }

  /** A client that reads all that comes. */
  async reader(host?: SimHost, hostname?: string): Promise<LinePeer> {
    const client = await this.client(host, hostname);
    client.read();
    return client;
  }

  /** Says a line, and waits until it is answered with itself. */
  async ask(client: LinePeer, line: string): Promise<void> {
    await client.send(`${line}\n`);
    await this.sim.until(() => client.lines.includes(line), SOON_MS, `${line} to be answered`);
  }

  /** Whether a client that comes now is served: if not, it is told so, and its connection ends. */
  async isServed(client: LinePeer): Promise<boolean> {
    client.send("may I?\n").catch(() => {});
    const isAnswered = () => client.lines.includes("may I?");
    await this.sim.until(() => isAnswered() || client.hasEnded, SOON_MS, "a client to be served or refused");
    if (!isAnswered()) assert(client.text !== "", "a client is refused, and not told so");
    return isAnswered();
  }
}

/** Answers each line with itself. */
export function echoing(connection: Connection<Later>): Session<string, Later> {
  return { frame: (line) => connection.sendText(`${line}\n`) };
}

/** Whether a time is as it should be: not before it, and not much later. */
export function assertTime(what: string, gotMs: number, wantedMs: number, lateMs = 60): void {
  const isRight = gotMs >= wantedMs - 5 && gotMs <= wantedMs + lateMs;
  assert(isRight, `${what}: after ${gotMs} ms, and not after ${wantedMs}`);
}
