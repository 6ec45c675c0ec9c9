/**
 * Announcing to a UDP tracker (BEP 15).
 *
 * @module
 */
import { type AnnounceRequest, type AnnounceResponse, TrackerError } from "../../protocols/tracker.ts";
import {
  decodeUdpResponse,
  encodeUdpRequest,
  type UdpTrackerRequest,
  type UdpTrackerResponse,
} from "../../protocols/udp_tracker.ts";
import {
  type Cancellable,
  type SocketAddress,
  type UdpSocket,
  type World,
  WorldError,
} from "../world/world.ts";

/** BEP 15 waits 15 × 2^n seconds: a tracker that has not answered after 15 is left for the next one. */
const TRY_MS = 2000;
const TRIES = 4;
/** Addresses of one tracker that are tried. */
const MAX_ADDRESSES = 4;

/**
 * Announces to a UDP tracker, `udp://HOST:PORT`.
 *
 * @throws {WorldError} when it does not answer: rubbish is passed over.
 */
export async function udpAnnounce(
  world: Pick<World, "net" | "clock" | "random">,
  tracker: string,
  request: AnnounceRequest,
  signal: AbortSignal,
): Promise<AnnounceResponse> {
  const { hostname, port } = new URL(tracker);
  const addresses = port === "" ? [] : await world.net.resolve(hostname.replace(/^\[|\]$/g, ""));
  let failure: unknown = new WorldError(
    "name-not-found",
    `Cannot announce to ${tracker}: it has no address and port`,
  );
  // A name may have addresses of both families, and the tracker listen at one.
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    try {
      return await announceTo(world, tracker, { hostname: address, port: Number(port) }, request, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function announceTo(
  world: Pick<World, "net" | "clock" | "random">,
  tracker: string,
  address: SocketAddress,
  request: AnnounceRequest,
  signal: AbortSignal,
): Promise<AnnounceResponse> {
  const exchange = new Exchange(world, address, signal);
  try {
    const connected = await exchange.ask((transaction) => ({ type: "connect", transaction }));
    if (connected.type === "error") return { type: "failure", reason: connected.reason };
    if (connected.type !== "connect") throw unexpected(tracker);
    const { connection } = connected;
    const key = Math.floor(world.random.next() * 2 ** 32);
    const answer = await exchange.ask((transaction) => ({
      type: "announce",
      transaction,
      connection,
      request,
      key,
    }));
    if (answer.type === "error") return { type: "failure", reason: answer.reason };
    if (answer.type !== "announce") throw unexpected(tracker);
    return answer.response;
  } finally {
    exchange.close();
  }
}

function unexpected(tracker: string): WorldError {
  return new WorldError("invalid-data", `Cannot announce to ${tracker}: it answered something else`);
}

/** The answer that a datagram is; undefined for rubbish, which anybody could send in the tracker's name. */
function answerIn(bytes: Uint8Array, family: "IPv4" | "IPv6"): UdpTrackerResponse | undefined {
  try {
    return decodeUdpResponse(bytes, family);
  } catch (error) {
    if (error instanceof TrackerError) return undefined;
    throw error;
  }
}

/** Questions to one tracker, from one socket. */
class Exchange {
  readonly #world: Pick<World, "clock" | "random">;
  readonly #socket: UdpSocket;
  readonly #to: SocketAddress;
  readonly #close = (): void => this.#socket.close();
  readonly #signal: AbortSignal;

  constructor(world: Pick<World, "net" | "clock" | "random">, to: SocketAddress, signal: AbortSignal) {
    this.#world = world;
    this.#to = to;
    this.#signal = signal;
    const hostname = to.hostname.includes(":") ? "::" : "0.0.0.0";
    this.#socket = world.net.bindUdp({ hostname, port: 0 });
    signal.addEventListener("abort", this.#close, { once: true });
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#close);
    this.#close();
  }

  /** Asks until it is answered, at most four times. */
  async ask(make: (transaction: number) => UdpTrackerRequest): Promise<UdpTrackerResponse> {
    const transaction = Math.floor(this.#world.random.next() * 2 ** 32);
    const bytes = encodeUdpRequest(make(transaction));
    let tries = 0;
    let timer: Cancellable | undefined;
    const send = (): void => {
      if (tries++ === TRIES) return this.#close();
      this.#socket.send(bytes, this.#to).catch(() => {});
      timer = this.#world.clock.timer(TRY_MS, send);
    };
    send();
    try {
      return await this.#answerTo(transaction);
    } finally {
      timer?.cancel();
    }
  }

  async #answerTo(transaction: number): Promise<UdpTrackerResponse> {
    const family = this.#to.hostname.includes(":") ? "IPv6" : "IPv4";
    for (;;) {
      const { bytes, from } = await this.#socket.receive();
      if (from.hostname !== this.#to.hostname || from.port !== this.#to.port) continue;
      const answer = answerIn(bytes, family);
      if (answer?.transaction === transaction) return answer;
    }
  }
}
