/**
 * Which ports a process listens on: what it means that it has started.
 *
 * @module
 */
import type { Net, SocketAddress } from "../actors/world/world.ts";

/** A network that remembers the ports that were opened on it. */
export class ListeningPorts {
  /** The same network. */
  readonly net: Net;
  readonly #ports = new Set<string>();

  constructor(net: Net) {
    const opened = (kind: "tcp" | "udp", { port }: SocketAddress) => void this.#ports.add(`${kind} ${port}`);
    this.net = {
      listenTcp(options) {
        const listener = net.listenTcp(options);
        if (listener.ready === undefined) opened("tcp", listener.address);
        else listener.ready.then(() => opened("tcp", listener.address), () => {});
        return listener;
      },
      bindUdp(options) {
        const socket = net.bindUdp(options);
        opened("udp", socket.address);
        return socket;
      },
      connectTcp: (options) => net.connectTcp(options),
      resolve: (hostname) => net.resolve(hostname),
      fetch: (request) => net.fetch(request),
    };
  }

  /** How many ports were opened so far: a name's addresses share theirs. */
  get count(): number {
    return this.#ports.size;
  }
}
