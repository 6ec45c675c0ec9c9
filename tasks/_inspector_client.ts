/**
 * Looks through the inspector of another process.
 *
 * @module
 */
import { formatAddress, type SocketAddress } from "../actors/world/world.ts";
import type { InspectorEvent, InspectorOrder, InspectorSeen, InspectorTick } from "../protocols/inspector.ts";
import { Failure } from "./_cli.ts";

/** What is seen at one moment. */
export interface Seen {
  readonly tick: InspectorTick;
  /** The tick before. */
  readonly before: InspectorTick;
  readonly busiest: NonNullable<InspectorSeen["busiest"]>;
}

/** An answer that does not come within this time does not come. */
const ANSWER_MS = 5000;

/** A connection to an inspector. */
export class InspectorClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<never>();
  readonly #seen: Seen[] = [];
  #wanted: ((seen: Seen) => void) | undefined;
  #host = "";
  #tick: InspectorTick | undefined;
  #before: InspectorTick | undefined;
  #pending: (() => void) | undefined;

  private constructor(socket: WebSocket, address: string) {
    this.#socket = socket;
    this.#closed.promise.catch(() => {});
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)));
    socket.onclose = () => this.#closed.reject(new Failure(`The inspector at ${address} is gone`));
    socket.onerror = (event) => event.preventDefault();
  }

  /** Connects. Throws {@linkcode Failure} where there is no inspector, or it takes a token. */
  static async connect(
    at: SocketAddress,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<InspectorClient> {
    const address = formatAddress(at);
    await checkInspector(address, token, signal);
    const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
    const client = new InspectorClient(new WebSocket(`ws://${address}/changes${query}`), address);
    signal.addEventListener("abort", () => client.#closed.reject(signal.reason), { once: true });
    await client.#opened();
    return client;
  }

  /** From now on the busiest are told of in this order. */
  look(by: InspectorOrder, count: number): void {
    this.#seen.length = 0;
    const host = this.#host;
    this.#socket.send(JSON.stringify({ type: "look", host, views: [], busiest: { by, count } }));
  }

  /** What is seen at the next moment. Throws {@linkcode Failure} when the inspector is gone. */
  next(): Promise<Seen> {
    const seen = this.#seen.shift();
    if (seen !== undefined) return Promise.resolve(seen);
    return Promise.race([
      new Promise<Seen>((resolve) => this.#wanted = resolve),
      this.#closed.promise,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#closed.promise.catch(() => {});
    this.#socket.close();
    await closed;
  }

  #opened(): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.#pending = resolve), this.#closed.promise]);
  }

  #take(event: InspectorEvent): void {
    switch (event.type) {
      case "hello":
        this.#host = event.hosts[0]?.name ?? "";
        return this.#pending?.();
      case "tick":
        this.#before = this.#tick;
        this.#tick = event.tick;
        return;
      case "seen": {
        const { busiest } = event.seen;
        if (busiest === undefined || this.#tick === undefined) return;
        const seen = { busiest, tick: this.#tick, before: this.#before ?? this.#tick };
        const wanted = this.#wanted;
        this.#wanted = undefined;
        if (wanted === undefined) this.#seen.push(seen);
        else wanted(seen);
        return;
      }
    }
  }
}

/** A WebSocket does not tell why it was refused: this does. */
async function checkInspector(
  address: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  let status: number;
  let isInspector = false;
  try {
    const response = await fetch(`http://${address}/tree?levels=0`, { headers, signal: limit });
    status = response.status;
    isInspector = status === 200 && (await response.text()).startsWith('{"path":"/');
    if (!response.bodyUsed) await response.body?.cancel();
  } catch (error) {
    throw new Failure(`Cannot reach an inspector at ${address}: ${reasonOf(error)}`, { cause: error });
  }
  if (status === 401) {
    const why = token === undefined ? "it takes a token: see --token" : "it has another token";
    throw new Failure(`Cannot look into the system at ${address}: ${why}`);
  }
  if (!isInspector) throw new Failure(`Cannot look into the system at ${address}: no inspector is there`);
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "it does not answer";
  let text = "";
  for (let at = error; at instanceof Error; at = at.cause) text += ` ${at.message}`;
  if (/refused/i.test(text)) return "nothing listens there";
  if (/dns|lookup|resolve/i.test(text)) return "there is no such host";
  if (/invalid HTTP|parse|IncompleteMessage|closed before/i.test(text)) return "it does not speak HTTP";
  return "the connection failed";
}
