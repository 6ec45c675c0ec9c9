/**
 * Real nodes that start again one after the other: old ones and ours in every mixture and order, and
 * networks of four and five. A run of its own.
 *
 *     deno run -A tests/election/restarts.ts [SIDE BY SIDE]
 *
 * Ends with 1 when some network did not elect its lowest node, or did not write the log, each time.
 */
import { PeerNetwork } from "./_peers.ts";

const MIXTURES = [[1], [2], [3], [1, 2], [1, 3], [2, 3]];
const ORDERS = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

/** Kills each node in turn and starts it again: all follow Node 1 each time, and the log is whole. */
async function restartAll(size: number, old: readonly number[], order: readonly number[]): Promise<void> {
  await using network = await PeerNetwork.create({ size, flags: ["--wait-ms", "20000"] });
  const start = (id: number) => old.includes(id) ? network.startOld(id) : network.start(id);
  for (const id of network.ids) await start(id);
  await network.agreed(1, network.ids);
  for (const id of order) {
    await network.kill(id);
    await Deno.remove(network.logPath).catch(() => {});
    await start(id);
    await network.elected(1, [id]);
    // An old leader writes its log when it starts, and never again.
    if (!old.includes(1) || id === 1) await network.logged(network.log(1, network.ids));
  }
}

if (import.meta.main) {
  const [sideBySide = 3] = Deno.args.map(Number);
  const cases = [
    ...MIXTURES.flatMap((old) => ORDERS.map((order) => ({ size: 3, old, order }))),
    { size: 4, old: [], order: [1, 2, 3, 4] },
    { size: 4, old: [], order: [4, 3, 2, 1] },
    { size: 4, old: [2], order: [3, 1, 4, 2] },
    { size: 5, old: [], order: [1, 2, 3, 4, 5] },
    { size: 5, old: [], order: [5, 1, 4, 2, 3] },
    { size: 5, old: [1, 4], order: [1, 4, 2, 5, 3] },
  ];
  let failed = 0;
  const waiting = [...cases];
  const work = async () => {
    for (let next; (next = waiting.shift()) !== undefined;) {
      const { size, old, order } = next;
      try {
        await restartAll(size, old, order);
      } catch (error) {
        failed++;
        console.error(
          `${size} nodes, old ${old}, order ${order}: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  console.log(`${cases.length} networks, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
