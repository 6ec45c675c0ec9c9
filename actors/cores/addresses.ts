/**
 * Where the cores listen: all at the same ports.
 *
 * Listeners that share a port (`SO_REUSEPORT`) do not notice one of another process that shares it, too. So
 * each address is bound once without sharing, in the first thread, before the cores bind it: a port that is
 * taken is found out, and port 0 is the same one for all.
 *
 * @module
 */
import type { Net, SocketAddress } from "../world/world.ts";
import { placesMemory, SharedPlaces } from "./shared_places.ts";

/** An address at which cores listen. */
interface Shared {
  /** As it was asked for. */
  readonly asked: SocketAddress;
  /** The port that it is. */
  port: number;
  readonly places: SharedArrayBuffer;
  /** The cores that listen there, and by which number they asked. */
  readonly holders: Map<number, number>;
}

/** A port that may be listened on. */
export type Reserved = Pick<Shared, "port" | "places">;

/** All of them. */
export class Addresses {
  readonly #net: Net;
  readonly #cores: number;
  readonly #shared: Shared[] = [];
  /** One at a time: two cores may ask for the same. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(net: Net, cores: number) {
    this.#net = net;
    this.#cores = cores;
  }

  /** Finds the port for a core that wants to listen. Rejects with the `WorldError` of who cannot. */
  reserve(core: number, id: number, asked: SocketAddress): Promise<Reserved> {
    const reserved = this.#last.then(() => this.#reserve(core, id, asked));
    this.#last = reserved.catch(() => {});
    return reserved;
  }

  async #reserve(core: number, id: number, asked: SocketAddress): Promise<Reserved> {
    // The first server of a core that asks for any free port gets that of the other cores' first, and so on.
    const known = this.#shared.find(({ asked: { hostname, port }, holders }) =>
      hostname === asked.hostname && port === asked.port && !holders.has(core)
    );
    if (known === undefined) {
      const places = placesMemory(this.#cores);
      const shared = { asked, port: await this.#tryPort(asked), places, holders: new Map([[core, id]]) };
      this.#shared.push(shared);
      return shared;
    }
    if (known.holders.size === 0) known.port = await this.#tryPort({ ...asked, port: known.port });
    known.holders.set(core, id);
    return known;
  }

  /** A core listens there no more. */
  release(core: number, id: number): void {
    for (const { holders } of this.#shared) if (holders.get(core) === id) holders.delete(core);
  }

  /** A core is gone, and its clients with it. */
  releaseAll(core: number): void {
    for (const { holders, places } of this.#shared) {
      holders.delete(core);
      new SharedPlaces(places, core).clear();
    }
  }

  /** Listens for a moment, and says on which port. */
  async #tryPort({ hostname, port }: SocketAddress): Promise<number> {
    const listener = this.#net.listenTcp({ hostname, port });
    try {
      await listener.ready;
      return listener.address.port;
    } finally {
      listener.close();
    }
  }
}
