/**
 * Names that come and go while something is fetched: what is fetched are the bytes.
 */
import { assert, assertEquals } from "@std/assert";
import type { DownloadNotice } from "../../actors/sharing/mod.ts";
import { SharingNetwork, someBytes, type TestNode } from "./_network.ts";

const bytes = someBytes(2_000_000);

/** Node 1 leads, Node 2 gives slowly what is in its directory under these names, Node 3 has nothing. */
async function start(names: readonly string[]): Promise<{ network: SharingNetwork; taker: TestNode }> {
  const network = await SharingNetwork.create(3);
  for (const name of names) await network.write(2, name, bytes);
  network.start(1);
  network.start(2, { maxUpload: 500_000 });
  const taker = network.start(3);
  network.lead(1);
  for (const name of names) await network.offers(name);
  return { network, taker };
}

/** Fetches `name` at Node 3, and has `change` done once some of it is there. */
async function getMeanwhile(taker: TestNode, name: string, change: () => Promise<void>) {
  let changing: Promise<void> | undefined;
  const got = await taker.get(name, (notice) => {
    if (notice.type === "download-progress" && notice.status.haveBytes > 0) changing ??= change();
  });
  assert(changing !== undefined, "it was there before anything could be changed");
  await changing;
  return got;
}

/** What was there before the name had changed stayed. */
function checkNothingAnew(notices: readonly DownloadNotice[]): void {
  const had = notices.flatMap((notice) =>
    notice.type === "download-progress" ? [notice.status.haveBytes] : []
  );
  assertEquals(had, had.toSorted((a, b) => a - b));
}

/** What of Node 2's directory is done while Node 2 is down, so that nothing is known of it from before. */
async function whileDown(network: SharingNetwork, change: (path: string) => Promise<void>): Promise<void> {
  await network.stop(2);
  await change(network.directory(2));
  network.start(2);
}

Deno.test("sharing: a file that is given another name while it is fetched is fetched to its end", async () => {
  const started = await start(["b.bin"]);
  await using network = started.network;
  const [from, to] = ["b.bin", "c.bin"].map((name) => `${network.directory(2)}/${name}`);
  assert(from !== undefined && to !== undefined);
  const { end, notices } = await getMeanwhile(started.taker, "b.bin", () => Deno.rename(from, to));
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(3, "b.bin"), bytes);
  checkNothingAnew(notices);
});

Deno.test("sharing: a seed that starts anew gives on what it has under another name by then", async () => {
  const started = await start(["b.bin"]);
  await using network = started.network;
  const { end, notices } = await getMeanwhile(
    started.taker,
    "b.bin",
    () => whileDown(network, (path) => Deno.rename(`${path}/b.bin`, `${path}/c.bin`)),
  );
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(3, "b.bin"), bytes);
  checkNothingAnew(notices);
  const notes = notices.flatMap((notice) => notice.type === "download-note" ? [notice.text] : []);
  assertEquals(notes, ["b.bin is called c.bin now: fetching it"]);
});

Deno.test("sharing: what of two names loses the one that its torrent has is fetched to its end by the other", async () => {
  const started = await start(["a.bin", "b.bin"]);
  await using network = started.network;
  const { end, notices } = await getMeanwhile(
    started.taker,
    "b.bin",
    () => whileDown(network, (path) => Deno.remove(`${path}/a.bin`)),
  );
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(3, "b.bin"), bytes);
  checkNothingAnew(notices);
});
