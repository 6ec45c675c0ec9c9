/**
 * Being asked to end, by a signal.
 *
 * @module
 */
import type { Cancellable, EndSignal, World } from "../world/world.ts";

/** How each signal shows in the exit code of what it ended: 128 and its number. */
export const SIGNAL_EXIT_CODES: Readonly<Record<EndSignal, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGQUIT: 131,
  SIGTERM: 143,
};

/**
 * Two signals closer than this are one. A terminal sends Ctrl-C to the whole group, and each parent, such as
 * `deno task` or `npx`, passes it on.
 */
const SAME_PRESS_MS = 300;

/** Calls `told` at the first signal that asks the process to end; a second one ends the process at once. */
export function onFirstEndSignal(
  { process: host, clock }: World,
  told: (signal: EndSignal) => void,
): Cancellable {
  let firstAt: number | undefined;
  const watching = host?.onEndSignal((signal) => {
    const now = clock.monotonic();
    if (firstAt === undefined) {
      firstAt = now;
      told(signal);
    } else if (now - firstAt > SAME_PRESS_MS) void host?.exit(SIGNAL_EXIT_CODES[signal]);
  });
  return { cancel: () => watching?.cancel() };
}
