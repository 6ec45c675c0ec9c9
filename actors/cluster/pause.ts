/**
 * Waiting that ends with whoever waits.
 *
 * @module
 */
import { onAbort } from "../runtime/on_abort.ts";
import type { World } from "../world/world.ts";

/** Resolves after a while, and at once when the signal is aborted: nothing waits for one that has left. */
export async function pause(
  { clock }: Pick<World, "clock">,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.timer(ms, resolve);
  const forget = signal && onAbort(signal, resolve);
  await promise;
  timer.cancel();
  forget?.();
}
