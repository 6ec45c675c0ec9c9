/**
 * Ctrl-Z below a task runner.
 *
 * `deno task` passes SIGTSTP on to what it runs, and does not stop itself (as of Deno 2.9): the shell waits
 * for all of its job to stop, so it never gets the terminal back, and what has stopped hears no Ctrl-C. To
 * stop the runner too takes the right to run programs, which no task has for this. So the signal is taken,
 * and the person is told.
 *
 * @module
 */

/** Set by `deno task`, and by `npx`, which may have started it. */
export const RUNNER_VARIABLE = "INIT_CWD";

const ADVICE = "Ctrl-Z cannot suspend what `deno task` runs: that keeps the terminal. " +
  "The command it has printed can be suspended, when it is started by itself.";

/** The terminal sends the signal to the whole job, and the runner passes it on: those two are one. */
const SAME_PRESS_MS = 300;

/** Who tells the person; the last one does. */
const tellers: ((advice: string) => void)[] = [];
let toldAt = -Infinity;

function onSuspend(): void {
  const now = performance.now();
  const isSamePress = now - toldAt < SAME_PRESS_MS;
  toldAt = now;
  if (!isSamePress) tellers.at(-1)?.(ADVICE);
}

function isBelowRunner(): boolean {
  if (Deno.build.os === "windows") return false;
  const { state } = Deno.permissions.querySync({ name: "env", variable: RUNNER_VARIABLE });
  return state === "granted" && Deno.env.get(RUNNER_VARIABLE) !== undefined;
}

/**
 * From now on, where Ctrl-Z would freeze the terminal, `tell` says so, in place of who told before. Elsewhere
 * it suspends, as ever.
 */
export function explainSuspend(tell: (advice: string) => void): Disposable {
  if (!isBelowRunner()) return { [Symbol.dispose]() {} };
  if (tellers.length === 0) Deno.addSignalListener("SIGTSTP", onSuspend);
  tellers.push(tell);
  return {
    [Symbol.dispose]() {
      const at = tellers.indexOf(tell);
      if (at >= 0) tellers.splice(at, 1);
      if (tellers.length === 0) Deno.removeSignalListener("SIGTSTP", onSuspend);
    },
  };
}
