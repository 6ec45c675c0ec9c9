/**
 * Two hundred starts of three real nodes, in every order, together, and in one process: a run of its own.
 *
 *     deno run -A tests/election/starts.ts [STARTS] [SIDE BY SIDE]
 *
 * Each is left alone for ten seconds: four side by side take twelve minutes. Ends with 1 when a link broke
 * or a log was written twice. A start that failed while the whole machine stood still, as this process sees
 * by its own timer, is said and made again: no election timeout can tell that from a leader that is gone.
 */
import { START_ORDERS, startAndIdle } from "./_starts.ts";

const IDLE_MS = 10_000;
/** More than half of the time after which a leader is held for lost. */
const STANDSTILL_MS = 500;
const TICK_MS = 20;

/** The longest time since it was made for which this process has not come to run. */
class Standstill implements Disposable {
  longestMs = 0;
  #lastMs = performance.now();
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.longestMs = Math.max(this.longestMs, now - this.#lastMs - TICK_MS);
    this.#lastMs = now;
  }, TICK_MS);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

if (import.meta.main) {
  const [starts = 200, sideBySide = 4] = Deno.args.map(Number);
  let begun = 0;
  let failed = 0;
  let again = 0;
  const start = async (number: number): Promise<void> => {
    const order = START_ORDERS[number % START_ORDERS.length] ?? "together";
    for (;;) {
      using standstill = new Standstill();
      try {
        await startAndIdle(order, IDLE_MS);
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : error;
        const stoodMs = Math.round(standstill.longestMs);
        console.error(`start ${number}, ${order}: stood still for ${stoodMs} ms: ${why}`);
        if (stoodMs < STANDSTILL_MS) {
          failed++;
          return;
        }
        again++;
      }
    }
  };
  const work = async () => {
    while (begun < starts) {
      await start(begun++);
      if (begun % 20 === 0) console.log(`${begun} begun, ${failed} failed, ${again} made again`);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  console.log(`${starts} starts, ${failed} failed, ${again} made again after a standstill of the machine`);
  Deno.exit(failed === 0 ? 0 : 1);
}
