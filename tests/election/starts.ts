/**
 * Two hundred starts of three real nodes, in every order, together, and in one process: a run of its own.
 *
 *     deno run -A tests/election/starts.ts [STARTS] [SIDE BY SIDE]
 *
 * Each is left alone for ten seconds: four side by side take twelve minutes. Ends with 1 when a link broke
 * or a log was written twice.
 */
import { START_ORDERS, startAndIdle } from "./_starts.ts";

const IDLE_MS = 10_000;

if (import.meta.main) {
  const [starts = 200, sideBySide = 4] = Deno.args.map(Number);
  let next = 0;
  let failed = 0;
  const work = async () => {
    while (next < starts) {
      const order = START_ORDERS[next++ % START_ORDERS.length] ?? "together";
      try {
        await startAndIdle(order, IDLE_MS);
      } catch (error) {
        failed++;
        console.error(`${order}: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  console.log(`${starts} starts, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
