/**
 * A web door with one handler, for tests of what asks it.
 *
 * @module
 */
import { type HttpResponse, httpServer, type RoutedRequest } from "../actors/net/mod.ts";
import type { SocketAddress, World } from "../actors/world/world.ts";
import { ActorSystem, escalate } from "../mod.ts";

/** A door that listens. */
export interface TestDoor {
  readonly address: SocketAddress;
  /** Stops it. */
  close(): Promise<void>;
}

/** Answers every request by `handle`. Throws the `WorldError` of the listener. */
export async function serveHttp(
  world: World,
  address: SocketAddress,
  handle: (request: RoutedRequest) => HttpResponse | Promise<HttpResponse>,
  hosts: readonly string[] = [],
): Promise<TestDoor> {
  const system = new ActorSystem("door", { world });
  const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
  system.terminated.catch(reject);
  const methods = ["GET", "POST", "PUT"] as const;
  const routes = methods.map((method) => ({ method, path: "/*", maxBodyBytes: 1 << 20, handle }));
  const door = httpServer({ address, routes, hosts, onListening: resolve });
  system.spawn("server", door, { onFailure: escalate() });
  return { address: await promise, close: async () => void await system.stop() };
}
