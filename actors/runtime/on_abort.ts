/**
 * Those who wait for signals to be aborted.
 *
 * @module
 */

/** Who waits for each signal, in order. */
const waiting = new WeakMap<
  AbortSignal,
  { readonly tasks: Set<() => void>; readonly listener: () => void }
>();

/**
 * Calls `task` when the signal is aborted; what it gives back calls that off.
 *
 * However many wait for a signal, it has one listener: an `AbortSignal` looks through all it has at each that
 * comes or goes, so that 20,000 questions under one signal took seconds.
 *
 * @param signal one that is not aborted yet
 * @param task may not throw; a function of its own for each call
 */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  const known = waiting.get(signal);
  const { tasks, listener } = known ?? listenTo(signal);
  tasks.add(task);
  return () => {
    if (!tasks.delete(task) || tasks.size > 0) return;
    signal.removeEventListener("abort", listener);
    if (waiting.get(signal)?.tasks === tasks) waiting.delete(signal);
  };
}

function listenTo(signal: AbortSignal) {
  const tasks = new Set<() => void>();
  const listener = () => {
    waiting.delete(signal);
    for (const task of tasks) {
      tasks.delete(task);
      task();
    }
  };
  signal.addEventListener("abort", listener, { once: true });
  const made = { tasks, listener };
  waiting.set(signal, made);
  return made;
}
