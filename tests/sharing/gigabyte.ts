/**
 * A gigabyte from three seeds, one of which lies and one of which dies half way, by a process that is killed
 * and goes on: `deno run -A tests/sharing/gigabyte.ts [BYTES]`. Says what memory it took, and ends with 1
 * where it took over 300 MB.
 *
 * @module
 */
import { root, startProcess, type TestProcess } from "../_helpers.ts";
import { SharingNetwork } from "./_network.ts";

const BYTES = Number(Deno.args[0] ?? 1_073_741_824);
const NAME = "gigabyte.bin";
const MAX_RSS_BYTES = 300_000_000;

/** The most memory that a process has had so far. */
function peakOf(process: TestProcess): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${process.pid}/status`);
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function sameContent(a: string, b: string): Promise<boolean> {
  return (await new Deno.Command("cmp", { args: [a, b] }).output()).success;
}

await using network = await SharingNetwork.create(4);
const content = new Uint8Array(BYTES);
for (let at = 0; at < BYTES; at += 65536) crypto.getRandomValues(content.subarray(at, at + 65536));
await network.write(1, NAME, content);
network.start(1);
network.lead(1);
const file = await network.offers(NAME);
await network.startFake(2, file, { content, lieEvery: 97 });
const dying = await network.startFake(3, file, { content, dieAfter: BYTES / 8 });
await network.offers(NAME, 3);

const nodes = network.nodes.map(({ id, http }) => `${id}=127.0.0.1:${http.port - 2000}`).join(",");
const flags = ["4", "get", NAME, "--json", "--nodes", nodes, "--dir", network.directory(4)];
const fetching = () => startProcess(Deno.execPath(), ["run", "-q", "-A", `${root}tasks/peer.ts`, ...flags]);
let peak = 0;
let had = 0;
const startedAt = performance.now();
{
  await using first = fetching();
  while (had < 0.4 * BYTES) {
    had = JSON.parse(await first.line("download-progress")).bytes;
    peak = Math.max(peak, peakOf(first));
  }
  first.kill("SIGKILL");
}
await using second = fetching();
let last = { bytes: 0, downloadedBytes: 0 };
for (;;) {
  const notice = JSON.parse(await second.line("{"));
  peak = Math.max(peak, peakOf(second));
  if (notice.type === "download-progress") last = notice;
  else if (notice.type !== "download-note") break;
}
const { code, stderr } = await second.ended();
const isSame = await sameContent(`${network.directory(1)}/${NAME}`, `${network.directory(4)}/${NAME}`);
const seconds = (performance.now() - startedAt) / 1000;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
console.log(
  `${mb(BYTES)} in ${seconds.toFixed(1)} s: exit ${code}${stderr}, ${
    isSame ? "the same bytes" : "OTHER BYTES"
  }, ` +
    `${mb(had)} at the kill, ${mb(last.downloadedBytes)} fetched after it, the dying seed ${
      dying.seeder.isDead ? "died" : "lived"
    }, at most ${mb(peak)} of memory`,
);
Deno.exitCode = code === 0 && isSame && peak <= MAX_RSS_BYTES ? 0 : 1;
