import type { TcpConnection, World } from "../../actors/world/world.ts";

/** Both ends of a new connection: the one that dialled first. */
export async function connected(
  world: World,
  hostname = "127.0.0.1",
): Promise<[TcpConnection, TcpConnection]> {
  const listener = await bound(() => world.net.listenTcp({ hostname, port: 0 }));
  const accepting = listener.accept();
  const client = await world.net.connectTcp(listener.address);
  const server = await accepting;
  listener.close();
  return [client, server];
}

/** What was bound, once it is. Rejects where binding fails, at once or later. */
export async function bound<B extends { readonly ready?: Promise<void> }>(bind: () => B): Promise<B> {
  const made = bind();
  await made.ready;
  return made;
}

/** Resolves after so much of the world's time. */
export function delay(world: World, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.clock.timer(ms, resolve);
  return promise;
}
