/**
 * Where servers listen: names stand for all of their addresses.
 *
 * @module
 */
import type { Ref } from "../runtime/ref.ts";
import { type Net, type SocketAddress, WorldError } from "../world/world.ts";
import { formatAddress } from "./address.ts";

/** Something that is bound to an address. */
interface Bound {
  readonly address: SocketAddress;
  readonly ready?: Promise<void>;
  close(): void;
}

/** So often another free port is looked for, when one address of a name had it and another had not. */
const PORT_ATTEMPTS = 10;

/** Whether it is an IP address, and so stands for itself. */
function isIpAddress(hostname: string): boolean {
  return hostname.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * Binds to all addresses of a host, at one port. An address that this machine lacks is passed over (`missing`
 * is told) as long as there is another. At once for an address where the world binds at once; else a promise.
 *
 * Throws, or rejects with, the `WorldError` of the first address that cannot be bound.
 */
export function bindAll<B extends Bound>(
  net: Net,
  { hostname, port }: SocketAddress,
  bind: (address: SocketAddress) => B,
  missing: (error: WorldError) => void,
): B[] | Promise<B[]> {
  if (isIpAddress(hostname)) {
    const bound = bind({ hostname, port });
    return bound.ready === undefined ? [bound] : whenReady(bound).then(() => [bound]);
  }
  return net.resolve(hostname).then(async (addresses) => {
    for (let attempt = 1;; attempt++) {
      const bound: B[] = [];
      try {
        return await bindEach(addresses, port, bind, bound, missing);
      } catch (error) {
        for (const one of bound) one.close();
        const mayTryAgain = port === 0 && bound.length > 0 && attempt < PORT_ATTEMPTS;
        if (!mayTryAgain || !isKind(error, "address-in-use")) throw error;
      }
    }
  });
}

/** Waits for what may still be on its way to being bound; closes it when it cannot be. */
async function whenReady(bound: Bound): Promise<void> {
  try {
    await bound.ready;
  } catch (error) {
    bound.close();
    throw error;
  }
}

async function bindEach<B extends Bound>(
  addresses: readonly string[],
  port: number,
  bind: (address: SocketAddress) => B,
  bound: B[],
  missing: (error: WorldError) => void,
): Promise<B[]> {
  const failures: WorldError[] = [];
  for (const hostname of addresses) {
    try {
      const one = bind({ hostname, port: bound[0]?.address.port ?? port });
      if (one.ready !== undefined) await whenReady(one);
      bound.push(one);
    } catch (error) {
      if (!(error instanceof WorldError) || error.kind !== "address-not-available") throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (bound.length === 0) {
    throw first ?? new WorldError("name-not-found", "Cannot listen: the name has no address");
  }
  for (const failure of failures) missing(failure);
  return bound;
}

function isKind(error: unknown, kind: WorldError["kind"]): boolean {
  return error instanceof WorldError && error.kind === kind;
}

/** All addresses as one text: `[::1]:5005 and 127.0.0.1:5005`. */
export function formatAddresses(addresses: readonly SocketAddress[]): string {
  return addresses.map(formatAddress).join(" and ");
}

/** Tells where a server listens, its first address by itself as well. */
export function reportListening(
  bound: readonly Bound[],
  onListening: ((address: SocketAddress, all: readonly SocketAddress[]) => void) | undefined,
): void {
  const addresses = bound.map(({ address }) => address);
  const [first] = addresses;
  if (first !== undefined) onListening?.(first, addresses);
}

/** Answers who asks a server for its address. */
export function answerAddress([first]: readonly Bound[], replyTo: Ref<SocketAddress>): void {
  if (first !== undefined) replyTo.tell(first.address);
}
