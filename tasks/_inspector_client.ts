/**
 * Looks through the inspector of another process.
 *
 * @module
 */
import type { BusyRow } from "../actors/inspect/busiest.ts";
import { formatAddress, type SocketAddress } from "../actors/world/world.ts";
import type { InspectorOrder, InspectorTick } from "../protocols/inspector.ts";
import { Failure } from "./_cli.ts";
import { BusiestRound } from "./_busiest_round.ts";
import { type InspectorMessage, parseInspectorMessage, type PlacedRow } from "./_inspector_messages.ts";

/** What is seen at one moment. */
export interface Seen {
  readonly tick: InspectorTick;
  /** The tick before. */
  readonly before: InspectorTick;
  /** Of all machines. */
  readonly busiest: readonly PlacedRow[];
}

/** Where an inspector is, and how it is reached. */
export interface InspectorPlace {
  readonly at: SocketAddress;
  readonly token: string | undefined;
  /** It speaks TLS. The authorities (PEM) are those to trust beside the usual ones. */
  readonly tls?: { readonly caCerts?: readonly string[] };
  /** One that is silent for so long has gone; an inspector tells something each second. */
  readonly timeoutMs: number;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** A close that is not answered within this time is not waited for. */
const CLOSE_MS = 1000;
/** What says whether it is an inspector is short. */
const MAX_ANSWER_BYTES = 65_536;

/** A connection to an inspector. */
export class InspectorClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #address: string;
  readonly #timeoutMs: number;
  readonly #closed = Promise.withResolvers<never>();
  /** Seen, and not yet asked for. */
  #seen: Seen | undefined;
  #wanted: ((seen: Seen) => void) | undefined;
  #hosts: readonly string[] = [];
  #looking: { readonly by: InspectorOrder; readonly count: number } | undefined;
  #round: BusiestRound | undefined;
  #tick: InspectorTick | undefined;
  #before: InspectorTick | undefined;
  #greeted: (() => void) | undefined;

  private constructor(socket: WebSocket, address: string, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#address = address;
    this.#closed.promise.catch(() => {});
    socket.onmessage = ({ data }) => {
      const message = parseInspectorMessage(data);
      if (message !== null) return this.#take(message);
      this.#fail(`Cannot look into the system at ${address}: what it says is not an inspector's`);
    };
    socket.onclose = () => this.#fail(`The inspector at ${address} is gone`);
    socket.onerror = (event) => event.preventDefault();
  }

  /** Connects. Throws {@linkcode Failure} where there is no inspector, or it takes a token. */
  static async connect(place: InspectorPlace): Promise<InspectorClient> {
    const { at, token, tls, timeoutMs, signal } = place;
    const address = formatAddress(at);
    using client = tls?.caCerts === undefined
      ? undefined
      : Deno.createHttpClient({ caCerts: [...tls.caCerts] });
    const access: Access = {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(client === undefined ? {} : { client }),
    };
    const secure = tls === undefined ? "" : "s";
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    await checkInspector(`http${secure}://${address}`, address, access, limit);
    // Deno's second argument, which the browser's types do not have.
    const socket: WebSocket = Reflect.construct(WebSocket, [`ws${secure}://${address}/changes`, access]);
    const looking = new InspectorClient(socket, address, timeoutMs);
    signal.addEventListener("abort", () => looking.#closed.reject(signal.reason), { once: true });
    try {
      await looking.#within(timeoutMs, new Promise<void>((resolve) => looking.#greeted = resolve));
    } catch (error) {
      looking.#socket.close();
      throw error;
    }
    return looking;
  }

  /** From now on the busiest are told of in this order. */
  look(by: InspectorOrder, count: number): void {
    this.#seen = undefined;
    this.#looking = { by, count };
    this.#beginRound();
  }

  /** What is seen at the next moment. Throws {@linkcode Failure} when the inspector is gone, or silent. */
  next(): Promise<Seen> {
    const seen = this.#seen;
    this.#seen = undefined;
    if (seen !== undefined) return Promise.resolve(seen);
    return this.#within(this.#timeoutMs, new Promise<Seen>((resolve) => this.#wanted = resolve));
  }

  /** Leaves. One that does not answer the close is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#within(CLOSE_MS, this.#closed.promise).catch(() => {});
  }

  async #within<T>(limitMs: number, coming: Promise<T>): Promise<T> {
    const silent = () => this.#fail(`Cannot look into the system at ${this.#address}: it does not answer`);
    const timer = setTimeout(silent, limitMs);
    try {
      return await Promise.race([coming, this.#closed.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(why: string): void {
    this.#closed.reject(new Failure(why));
  }

  #beginRound(): void {
    if (this.#looking === undefined) return;
    this.#round = new BusiestRound(this.#hosts, this.#looking);
    this.#lookAtNext(this.#round);
  }

  /** Looks at the next machine, or tells what was seen of all. */
  #lookAtNext({ host, rows }: BusiestRound): void {
    if (host !== undefined) {
      this.#socket.send(JSON.stringify({ type: "look", host, views: [], busiest: this.#looking }));
    } else this.#tell(rows);
  }

  #onTick(hosts: readonly string[]): void {
    const isSame = hosts.length === this.#hosts.length && hosts.every((name, at) => name === this.#hosts[at]);
    this.#hosts = hosts;
    // A machine that is alone stays looked at.
    if (isSame && hosts.length === 1) return;
    if (!isSame || this.#round?.host === undefined) this.#beginRound();
    else if (this.#round.tick()) this.#lookAtNext(this.#round);
  }

  #onBusiest(host: string, rows: readonly BusyRow[]): void {
    if (this.#tick === undefined || this.#round === undefined) return;
    if (this.#hosts.length === 1) this.#tell(rows);
    else if (this.#round.take(host, rows)) this.#lookAtNext(this.#round);
  }

  #tell(busiest: readonly PlacedRow[]): void {
    if (this.#tick === undefined) return;
    const seen = { busiest, tick: this.#tick, before: this.#before ?? this.#tick };
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#seen = seen;
    else wanted(seen);
  }

  #take(message: InspectorMessage): void {
    switch (message.type) {
      case "hello":
        this.#hosts = atLeastOne(message.hosts);
        return this.#greeted?.();
      case "tick":
        this.#before = this.#tick;
        this.#tick = message.tick;
        return this.#onTick(atLeastOne(message.hosts ?? this.#hosts));
      case "busiest":
        return this.#onBusiest(message.host, message.rows);
    }
  }
}

/** A replay may have no machine yet. */
function atLeastOne(hosts: readonly string[]): readonly string[] {
  return hosts.length === 0 ? [""] : hosts;
}

/** What goes with each request. */
interface Access {
  readonly headers: Record<string, string>;
  readonly client?: Deno.HttpClient;
}

/** A WebSocket does not tell why it was refused: this does. */
async function checkInspector(
  base: string,
  address: string,
  access: Access,
  signal: AbortSignal,
): Promise<void> {
  let status: number;
  let isInspector = false;
  try {
    const response = await fetch(`${base}/tree?levels=0`, { ...access, redirect: "manual", signal });
    status = response.status;
    isInspector = status === 200 && (await beginningOf(response)).startsWith('{"path":"/');
    if (!response.bodyUsed) await response.body?.cancel();
  } catch (error) {
    throw new Failure(`Cannot reach an inspector at ${address}: ${reasonOf(error)}`, { cause: error });
  }
  if (status === 401) {
    const why = "authorization" in access.headers ? "it has another token" : "it takes a token: see --token";
    throw new Failure(`Cannot look into the system at ${address}: ${why}`);
  }
  if (status === 429) {
    throw new Failure(`Cannot look into the system at ${address}: it was shown too many wrong tokens`);
  }
  if (!isInspector) throw new Failure(`Cannot look into the system at ${address}: no inspector is there`);
}

/** The first bytes of an answer, however long it is. */
async function beginningOf({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length >= MAX_ANSWER_BYTES) break;
  }
  return text;
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "it does not answer";
  let text = "";
  for (let at = error; at instanceof Error; at = at.cause) text += ` ${at.message}`;
  if (/refused/i.test(text)) return "nothing listens there";
  if (/dns|lookup|resolve/i.test(text)) return "there is no such host";
  if (/certificate|UnknownIssuer|self.?signed/i.test(text)) return "its certificate is not trusted: see --ca";
  if (/tls handshake|handshake message|corrupt message/i.test(text)) return "it does not speak TLS";
  if (/invalid HTTP|parse|IncompleteMessage|closed before/i.test(text)) return "it does not speak HTTP";
  return "the connection failed";
}
