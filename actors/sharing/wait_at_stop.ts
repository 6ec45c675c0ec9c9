/**
 * What an actor waits for when it is to stop.
 *
 * @module
 */
import type { World } from "../world/world.ts";

/** A stop waits for so long for what is under way: less than it may take. */
const STOP_MS = 4000;

/** Resolves once the work has ended, however; but a slow disk keeps nobody from stopping. */
export async function waitAtStop({ clock }: Pick<World, "clock">, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.timer(STOP_MS, resolve);
  await Promise.race([work.catch(() => {}), late]);
  timer.cancel();
}
