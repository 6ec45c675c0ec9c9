/**
 * Limits on what a test waits for.
 *
 * @module
 */
/** How long a test waits for something that must happen, unless told. Generous: the machine may be busy. */
export const PATIENCE_MS = 60_000;

/** Gives a promise a limit: rejects with `what` and the limit when it has not settled in time. */
export async function deadline<T>(promise: Promise<T>, limitMs = PATIENCE_MS, what = "it"): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot go on: ${what} took over ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until `condition` holds, for what tells nobody when it happens (a file's content, a counter). The
 * limit holds for a condition that never answers too.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = PATIENCE_MS,
): Promise<void> {
  let isLate = false;
  const waiting = async () => {
    while (!await condition() && !isLate) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  try {
    await deadline(waiting(), limitMs, what);
  } finally {
    isLate = true;
  }
}
