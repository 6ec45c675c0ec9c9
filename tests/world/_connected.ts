import type { TcpConnection, World } from "../../actors/world/world.ts";

/** Both ends of a new connection: the one that dialled first. */
export async function connected(
  world: World,
  hostname = "127.0.0.1",
): Promise<[TcpConnection, TcpConnection]> {
  const listener = world.net.listenTcp({ hostname, port: 0 });
  const accepting = listener.accept();
  const client = await world.net.connectTcp(listener.address);
  const server = await accepting;
  listener.close();
  return [client, server];
}

/** Resolves after so much of the world's time. */
export function delay(world: World, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.clock.timer(ms, resolve);
  return promise;
}
