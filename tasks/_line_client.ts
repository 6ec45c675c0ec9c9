/**
 * A connection to a server that speaks in lines, for clients that ask and wait.
 *
 * @module
 */
import type { CloseReason, DialerUp } from "../actors/net/mod.ts";
import { dialer, formatAddress } from "../actors/net/mod.ts";
import type { SocketAddress, TlsClientOptions, World } from "../actors/world/world.ts";
import { ActorSystem, type Backoff, errorText, type Ref } from "../mod.ts";
import { lineFrames } from "../protocols/frames.ts";
import {
  clientTls,
  Failure,
  type Flag,
  integer,
  type TaskOptions,
  type TcpClientFlags,
  tcpClientFlags,
  toggle,
} from "./_cli.ts";
import type { Terminal } from "./_terminal.ts";

/** Flags of a client that comes back by itself. */
export type ReconnectFlags = {
  readonly reconnect: Flag<boolean>;
  readonly retryMaxMs: Flag<number>;
};

/** `--reconnect`, `--retry-max-ms`. */
export function reconnectFlags(): ReconnectFlags {
  return {
    reconnect: toggle({ help: "Come back when the connection is lost" }),
    retryMaxMs: integer({
      help: "Milliseconds between two attempts to come back, at most",
      min: 1,
      default: 10_000,
      value: "MS",
    }),
  };
}

/** Flags of every client that speaks in lines. */
export type LineClientFlags<H extends string | undefined> = TcpClientFlags<H> & ReconnectFlags;

/** The flags of a TCP client, and those of one that comes back. */
export function lineClientFlags(
  defaults: { readonly port: number; readonly host: string },
): LineClientFlags<string>;
export function lineClientFlags(defaults: { readonly port: number }): LineClientFlags<string | undefined>;
export function lineClientFlags(
  defaults: { readonly port: number; readonly host?: string },
): LineClientFlags<string | undefined> {
  const { port, host } = defaults;
  return {
    ...(host === undefined ? tcpClientFlags({ port }) : tcpClientFlags({ port, host })),
    ...reconnectFlags(),
  };
}

const FIRST_RETRY_MS = 100;

/** The waiting times that the flags ask for. */
export function backoffOf(
  { reconnect, retryMaxMs }: { readonly reconnect: boolean; readonly retryMaxMs: number },
): Backoff | false {
  return reconnect && { minMs: Math.min(FIRST_RETRY_MS, retryMaxMs), maxMs: retryMaxMs, jitter: 0.2 };
}

/** Said when the server has gone. */
export const CLOSED_BY_SERVER = "Connection closed by the server.";

/** Where to connect, and how. */
export interface LineClientOptions {
  readonly address: SocketAddress;
  readonly tls?: TlsClientOptions;
  /**
   * The longest line taken: by default room for the longest that a server takes, and a name and a colon
   * before it. @default 1 MiB
   */
  readonly maxLineBytes?: number;
  /** Dials again when a connection that stood is lost. @default false */
  readonly reconnect?: Backoff | false;
  /** Told when the connection is lost, and when it stands again. */
  readonly onChange?: (state: "lost" | "again") => void;
}

/** What the connection's actor is told. */
type Outgoing = { readonly type: "line"; readonly text: string } | { readonly type: "end" };

/** A connection that stands, or stands again by itself. */
export class LineClient implements AsyncDisposable {
  readonly #system: ActorSystem;
  readonly #incoming: Incoming;
  readonly #gone = new AbortController();
  #connection: Ref<Outgoing>;
  #remote: string;
  /** What is said first on each connection after the first: a name, for servers that ask for one. */
  greeting: string | undefined;

  constructor(system: ActorSystem, up: DialerUp<Outgoing>, incoming: Incoming) {
    this.#system = system;
    this.#connection = up.connection;
    this.#remote = formatAddress(up.remoteAddress);
    this.#incoming = incoming;
  }

  /** The address that answered, of those that the name has. */
  get remote(): string {
    return this.#remote;
  }

  /** Aborted once the connection is lost for good: nothing more comes. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The connection stands again. */
  again(up: DialerUp<Outgoing>): void {
    this.#connection = up.connection;
    this.#remote = formatAddress(up.remoteAddress);
    if (this.greeting !== undefined) this.send(this.greeting);
    this.#incoming.resume();
  }

  /** The connection is lost. */
  lost(forGood: boolean): void {
    this.#incoming.interrupt();
    if (!forGood) return;
    this.#incoming.end();
    this.#gone.abort(new Failure(CLOSED_BY_SERVER));
  }

  send(text: string): void {
    this.#connection.tell({ type: "line", text });
  }

  /** The next line; `null` when the connection is over. One at a time. */
  next(): Promise<string | null> {
    return this.#incoming.next();
  }

  /**
   * Sends a line and waits for the next one that comes; sends it again on a connection that took the place
   * of one that was
   * lost meanwhile. Throws {@linkcode Failure} when the server is gone.
   */
  async request(text: string): Promise<string> {
    this.send(text);
    while (true) {
      const answer = await this.#incoming.next({ tellsInterruption: true });
      if (answer === null) throw new Failure(CLOSED_BY_SERVER);
      if (answer !== INTERRUPTED) return answer;
      await this.#incoming.resumed();
      this.send(text);
    }
  }

  /** Sends what is queued, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connection.isOpen) this.#connection.tell({ type: "end" });
    await this.#system.stop();
  }
}

/** Connects. Throws {@linkcode Failure} with the reason when no address answers. */
export async function connectLines(world: World, options: LineClientOptions): Promise<LineClient> {
  const { maxLineBytes = 1 << 20, reconnect = false, onChange = () => {}, address, tls } = options;
  const system = new ActorSystem("client", { world });
  const incoming = new Incoming();
  const first = Promise.withResolvers<DialerUp<Outgoing>>();
  let client: LineClient | undefined;
  system.spawn(
    "connection",
    dialer<string, Outgoing>({
      address,
      ...(tls && { tls }),
      frames: () => lineFrames({ maxFrameBytes: maxLineBytes, idleFlushMs: 0 }),
      session: (connection) => ({
        frame: (line) => incoming.push(line),
        message: (out) => out.type === "line" ? connection.sendText(`${out.text}\n`) : connection.end(),
      }),
      reconnect,
      up(up) {
        if (client === undefined) return first.resolve(up);
        client.again(up);
        onChange("again");
      },
      down({ reason, retryInMs, wasUp }) {
        if (client !== undefined) {
          client.lost(retryInMs === null);
          if (wasUp && retryInMs !== null) onChange("lost");
        } else {
          incoming.end();
          first.reject(new Failure(`Cannot connect to ${formatAddress(address)}: ${reasonText(reason)}`));
        }
      },
    }),
  );
  try {
    return client = new LineClient(system, await first.promise, incoming);
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/**
 * Connects as the flags of a client say. The end of the connection ends the terminal's input, so that who
 * sits at a prompt
 * notices; coming back is said there.
 */
export async function connectAsTold(
  options: TaskOptions<LineClientFlags<string>>,
  world: World,
  terminal?: Terminal,
): Promise<LineClient> {
  const { host: hostname, port } = options;
  const client = await connectLines(world, {
    address: { hostname, port },
    ...await clientTls(options, world.disk),
    reconnect: backoffOf(options),
    onChange: (state) => terminal?.print(CHANGES[state]),
  });
  terminal?.endWith(client.gone);
  return client;
}

const CHANGES = {
  lost: `${CLOSED_BY_SERVER} Connecting again...`,
  again: "Connected to the server again.",
} as const;

function reasonText(reason: CloseReason): string {
  if (reason.type !== "failed") return reason.type;
  return errorText(reason.error).replace(/^Cannot .*?: /, "");
}

/** Stands for the place in what came where one connection ended and another began. */
const INTERRUPTED: unique symbol = Symbol("interrupted");

/** Lines that came, until they are asked for. */
class Incoming {
  readonly #lines: (string | typeof INTERRUPTED)[] = [];
  #ended = false;
  #isInterrupted = false;
  readonly #waiting = new Set<() => void>();

  push(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  interrupt(): void {
    if (this.#isInterrupted) return;
    this.#isInterrupted = true;
    this.#lines.push(INTERRUPTED);
    this.#wake();
  }

  resume(): void {
    this.#isInterrupted = false;
    this.#wake();
  }

  /** Resolves when a connection stands, or none ever will. */
  async resumed(): Promise<void> {
    while (this.#isInterrupted && !this.#ended) await this.#change();
  }

  next(options: { readonly tellsInterruption: true }): Promise<string | typeof INTERRUPTED | null>;
  next(): Promise<string | null>;
  async next(
    { tellsInterruption = false }: { readonly tellsInterruption?: boolean } = {},
  ): Promise<string | typeof INTERRUPTED | null> {
    while (true) {
      const line = this.#lines.shift();
      if (line === undefined) {
        if (this.#ended) return null;
        await this.#change();
      } else if (line !== INTERRUPTED || tellsInterruption) return line;
    }
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
