/**
 * Simulated UDP.
 *
 * @module
 */
import { formatAddress } from "../address.ts";
import { failure } from "../failure.ts";
import type { Datagram, SocketAddress, UdpSocket } from "../world.ts";
import { type Life, never } from "./life.ts";
import type { Network } from "./network.ts";
import { isAddress, isV6, reachedBy } from "./ports.ts";
import { bindAddress, type Socket, type Stack } from "./stack.ts";

/** The most that IP carries in one datagram. */
const MAX_DATAGRAM_BYTES = 65_507;
/** What a machine holds for a socket that does not receive; more is lost. Linux's `net.core.rmem_default`. */
const RECEIVE_BUFFER_BYTES = 212_992;
/** What Linux adds to each datagram: addresses and checksums before it, and the end of its buffer (bytes). */
const HEAD_BYTES = 379;
/** What describes a buffer, beside it. */
const DESCRIPTION_BYTES = 256;
/** A buffer of the size that most datagrams need, with its description. */
const SMALL_BUFFER_BYTES = 832;
/** The largest buffer in one piece; more is held in pages. */
const LARGE_BUFFER_BYTES = 16_384;
const PAGE_BYTES = 4096;

/** What Linux counts for a datagram that waits: not its bytes, but the memory that it takes. */
function kernelBytes(length: number): number {
  const needed = length + HEAD_BYTES;
  if (needed <= SMALL_BUFFER_BYTES - DESCRIPTION_BYTES) return SMALL_BUFFER_BYTES;
  if (needed <= LARGE_BUFFER_BYTES) return 2 ** Math.ceil(Math.log2(needed)) + DESCRIPTION_BYTES;
  return Math.ceil(length / PAGE_BYTES) * PAGE_BYTES + 2 * HEAD_BYTES;
}
/** How much later than others a datagram may be that they overtake. */
const MAX_REORDER_MS = 20;

/** A bound socket. */
export class SimUdpSocket implements UdpSocket, Socket {
  readonly address: SocketAddress;
  readonly #network: Network;
  readonly #life: Life;
  readonly #stack: Stack;
  #received: Datagram[] = [];
  #receivedBytes = 0;
  #receives: { readonly resolve: (datagram: Datagram) => void; readonly reject: (error: unknown) => void }[] =
    [];
  #closed = false;

  constructor(network: Network, life: Life, stack: Stack, wanted: SocketAddress) {
    this.#network = network;
    this.#life = life;
    this.#stack = stack;
    this.address = bindAddress(stack, stack.udpPorts, wanted, `bind UDP ${formatAddress(wanted)}`);
    stack.udpPorts.add(this);
  }

  receive(): Promise<Datagram> {
    if (!this.#life.alive) return never();
    if (this.#closed) return Promise.reject(failure("closed", "receive a datagram"));
    const datagram = this.#next();
    if (datagram !== undefined) return Promise.resolve(datagram);
    const { promise, resolve, reject } = Promise.withResolvers<Datagram>();
    this.#receives.push({ resolve, reject });
    return promise;
  }

  send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    if (!this.#life.alive) return never();
    const kind = this.#refusal(bytes, to);
    if (kind !== undefined) return Promise.reject(failure(kind, `send a datagram to ${formatAddress(to)}`));
    const hostname = this.#lookup(to.hostname);
    if (hostname === undefined) {
      return Promise.reject(failure("name-not-found", `send a datagram to ${formatAddress(to)}`));
    }
    this.#post(bytes.slice(), { hostname: reachedBy(hostname), port: to.port });
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed || !this.#life.alive) return;
    const receives = this.#receives;
    this.lost();
    this.#stack.udpPorts.remove(this);
    for (const receive of receives) receive.reject(failure("closed", "receive a datagram"));
  }

  orphaned(): void {
    this.lost();
  }

  lost(): void {
    this.#closed = true;
    this.#received = [];
    this.#receives = [];
  }

  #refusal(
    bytes: Uint8Array,
    to: SocketAddress,
  ): "closed" | "too-large" | "unreachable" | "other" | undefined {
    if (this.#closed) return "closed";
    // Nobody can be there, and Linux says so.
    if (to.port === 0) return "other";
    if (bytes.length > MAX_DATAGRAM_BYTES) return "too-large";
    const own = this.address.hostname;
    if (isAddress(to.hostname) && own !== "::" && isV6(own) !== isV6(to.hostname)) return "unreachable";
    return undefined;
  }

  #lookup(hostname: string): string | undefined {
    if (isAddress(hostname)) return hostname;
    const own = this.address.hostname;
    return this.#network.names.find(this.#stack, hostname).find((found) =>
      own === "::" || isV6(found) === isV6(own)
    );
  }

  #post(bytes: Uint8Array<ArrayBuffer>, to: SocketAddress): void {
    const network = this.#network;
    const stack = network.owner(this.#stack, to.hostname);
    if (stack === undefined) return;
    const own = this.address.hostname;
    const isWild = own === "::" || own === "0.0.0.0";
    const from = { hostname: isWild ? this.#stack.sourceFor(to.hostname) : own, port: this.address.port };
    const { random, conditions } = network;
    const isLocal = stack === this.#stack;
    if (!isLocal && random.chance(conditions.datagramLoss)) {
      network.simulation.tally.count("net: datagram lost");
      network.trace(this.#stack.name, `datagram to ${formatAddress(to)} lost`);
      return;
    }
    const copies = !isLocal && random.chance(conditions.datagramDuplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      let delayMs = network.latencyMs(this.#stack, stack);
      if (!isLocal && random.chance(conditions.datagramReordering)) {
        delayMs += random.between(0, MAX_REORDER_MS);
      }
      network.simulation.schedule(delayMs, network.newLane(), () => {
        if (!stack.isOn || !network.isOpen(this.#stack, stack)) return;
        const socket = stack.udpPorts.find(to);
        // Each copy in bytes of its own: the receiver may do with them what it likes.
        if (socket instanceof SimUdpSocket) socket.#arrived({ bytes: bytes.slice(), from });
      });
    }
  }

  #arrived(datagram: Datagram): void {
    this.#network.trace(
      this.#stack.name,
      `${formatAddress(this.address)} <- ${
        formatAddress(datagram.from)
      } datagram of ${datagram.bytes.length} bytes`,
      datagram.bytes,
    );
    const bytes = kernelBytes(datagram.bytes.length);
    if (this.#receivedBytes + bytes > RECEIVE_BUFFER_BYTES) {
      this.#network.simulation.tally.count("net: datagram lost, receive buffer full");
      return;
    }
    this.#received.push(datagram);
    this.#receivedBytes += bytes;
    if (this.#receives.length > 0) this.#life.deliver(() => this.#answer());
  }

  /** The process gets the next datagram, if it waits for one. */
  #answer(): void {
    const next = this.#receives.length > 0 ? this.#next() : undefined;
    if (next !== undefined) this.#receives.shift()?.resolve(next);
  }

  #next(): Datagram | undefined {
    const datagram = this.#received.shift();
    if (datagram !== undefined) this.#receivedBytes -= kernelBytes(datagram.bytes.length);
    return datagram;
  }
}
