/**
 * A connection to a server that speaks in lines, for clients that ask and wait.
 *
 * @module
 */
import type { CloseReason, DialerUp } from "../actors/net/mod.ts";
import { dialer, formatAddress } from "../actors/net/mod.ts";
import type { SocketAddress, TlsClientOptions, World } from "../actors/world/world.ts";
import { ActorSystem, errorText, type Ref } from "../mod.ts";
import { lineFrames } from "../protocols/frames.ts";
import { clientTls, Failure, type TaskOptions, type TcpClientFlags } from "./_cli.ts";

/** Where to connect, and how. */
export interface LineClientOptions {
  readonly address: SocketAddress;
  readonly tls?: TlsClientOptions;
  /** The longest line taken: by default room for the longest that a server takes, and a name and a colon before it. @default 1 MiB */
  readonly maxLineBytes?: number;
}

/** What the connection's actor is told. */
type Outgoing = { readonly type: "line"; readonly text: string } | { readonly type: "end" };

/** A connection that stands. */
export class LineClient implements AsyncDisposable {
  /** The address that answered, of those that the name has. */
  readonly remote: string;
  readonly #system: ActorSystem;
  readonly #connection: Ref<Outgoing>;
  readonly #incoming: Incoming;

  constructor(system: ActorSystem, { connection, remoteAddress }: DialerUp<Outgoing>, incoming: Incoming) {
    this.remote = formatAddress(remoteAddress);
    this.#system = system;
    this.#connection = connection;
    this.#incoming = incoming;
  }

  send(text: string): void {
    this.#connection.tell({ type: "line", text });
  }

  /** The next line; `null` when the connection is over. One at a time. */
  next(): Promise<string | null> {
    return this.#incoming.next();
  }

  /** Sends a line and waits for the next one that comes. Throws {@linkcode Failure} when the server is gone. */
  async request(text: string): Promise<string> {
    this.send(text);
    const answer = await this.next();
    if (answer === null) throw new Failure("Connection closed by the server.");
    return answer;
  }

  /** Sends what is queued, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.tell({ type: "end" });
    await this.#system.stop();
  }
}

/** Connects. Throws {@linkcode Failure} with the reason when no address answers. */
export async function connectLines(world: World, options: LineClientOptions): Promise<LineClient> {
  const { maxLineBytes = 1 << 20 } = options;
  const system = new ActorSystem("client", { world });
  const incoming = new Incoming();
  const { promise: up, resolve, reject } = Promise.withResolvers<DialerUp<Outgoing>>();
  system.spawn(
    "connection",
    dialer<string, Outgoing>({
      ...options,
      frames: () => lineFrames({ maxFrameBytes: maxLineBytes, idleFlushMs: 0 }),
      session: (connection) => ({
        frame: (line) => incoming.push(line),
        message: (out) => out.type === "line" ? connection.sendText(`${out.text}\n`) : connection.end(),
      }),
      reconnect: false,
      up: resolve,
      down: ({ reason }) => {
        incoming.end();
        reject(new Failure(`Cannot connect to ${formatAddress(options.address)}: ${reasonText(reason)}`));
      },
    }),
  );
  try {
    return new LineClient(system, await up, incoming);
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/** Connects as the flags of a client say. */
export async function connectAsTold(
  options: TaskOptions<TcpClientFlags<string>>,
  world: World,
): Promise<LineClient> {
  const { host: hostname, port } = options;
  return await connectLines(world, { address: { hostname, port }, ...await clientTls(options, world.disk) });
}

function reasonText(reason: CloseReason): string {
  if (reason.type !== "failed") return reason.type;
  const text = errorText(reason.error);
  return text.replace(/^Cannot .*?: /, "");
}

/** Lines that came, until they are asked for. */
class Incoming {
  readonly #lines: string[] = [];
  #ended = false;
  #waiting: (() => void) | undefined;

  push(line: string): void {
    this.#lines.push(line);
    this.#waiting?.();
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.();
  }

  async next(): Promise<string | null> {
    while (this.#lines.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    return this.#lines.shift() ?? null;
  }
}
