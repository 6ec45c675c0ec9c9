import { assertGreater, assertLess } from "@std/assert";
import { root, startProcess, until } from "../_helpers.ts";
import { PeerNetwork } from "./_peers.ts";
import { parseTrace } from "./_trace.ts";

/** Enough to see a mailbox that grows; 12 s were measured. */
const FLOOD_S = 3;
/** Unbounded, some 16 MB a second wait as messages. */
const MAX_GROWTH_KB = 96 * 1024;

Deno.test("peer: a node that says ever higher terms fills no memory and no trace, and the others have a leader after it", async (test) => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  for (const id of [1, 2]) await network.start(id);
  await network.elected(1, [1, 2]);
  const before = await Promise.all([1, 2].map((id) => peakKb(network, id)));
  const script = `${root}tests/election/_flood.py`;
  const ports = [3, 1, 2].map((id) => String(network.place(id).port));
  await using flood = startProcess("python3", [script, String(FLOOD_S), "3", ...ports]);
  await flood.line(/^flooded \d+$/);
  const { stdout } = await flood.ended();
  const after = await Promise.all([1, 2].map((id) => peakKb(network, id)));
  const growths = after.map((kb, index) => kb - (before[index] ?? 0));
  const traces = await Promise.all([1, 2].map((id) => traceOf(network, id)));
  const lines = traces.map((trace) => trace.length);
  const logLines = [1, 2].map((id) => network.node(id).stdout.split("\n").length);
  await test.step(`${stdout.trim()} ${growths} KB, ${lines} traced, ${logLines} said`, () => {
    for (const growth of growths) assertLess(growth, MAX_GROWTH_KB);
    // Of what one peer brings about, some is said at once, and then one line a second for each kind.
    for (const count of [...lines, ...logLines]) assertLess(count, 160 + 10 * FLOOD_S);
    assertGreater(Number(/flooded (\d+)/.exec(stdout)?.[1]), 100_000);
  });
  await until(async () => {
    const [first, second] = (await Promise.all([1, 2].map((id) => traceOf(network, id)))).map((trace) =>
      trace.at(-1)
    );
    return first?.to === "leader" && second?.leader === 1 && second.term === first.term;
  }, "Node 1 to lead again");
});

async function traceOf(network: PeerNetwork, id: number) {
  const text = await Deno.readTextFile(network.directory.file(`trace${id}.jsonl`));
  return parseTrace(text.slice(0, text.lastIndexOf("\n") + 1));
}

/** The most memory that a node ever had. */
async function peakKb(network: PeerNetwork, id: number): Promise<number> {
  await using process = startProcess("bash", ["-c", `cat /proc/${network.node(id).pid}/status`]);
  const { stdout } = await process.ended();
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(stdout)?.[1]);
}
