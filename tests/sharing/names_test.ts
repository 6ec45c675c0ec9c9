/**
 * Names that come and go while something is fetched: what is fetched are the bytes.
 */
import { assert, assertEquals } from "@std/assert";
import type { CatalogFile, DownloadNotice, SharingOptions } from "../../actors/sharing/mod.ts";
import { readCatalogFiles } from "../../actors/sharing/network_json.ts";
import { isOtherName, SameBytes } from "../../actors/sharing/same_bytes.ts";
import { encodeInfo, parseInfo } from "../../protocols/metainfo.ts";
import { type FakeNode, SharingNetwork, someBytes, type TestNode } from "./_network.ts";

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
async function whileDown(
  network: SharingNetwork,
  change: (path: string) => Promise<void>,
  more: Partial<SharingOptions> = {},
): Promise<void> {
  await network.stop(2);
  await change(network.directory(2));
  network.start(2, more);
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

Deno.test("sharing: two that fetch from one another, and lack the same, both follow what they fetch", async () => {
  await using network = await SharingNetwork.create(4);
  await network.write(2, "b.bin", bytes);
  network.start(1);
  network.start(2, { maxUpload: 300_000 });
  const takers = [3, 4].map((id) => network.start(id));
  network.lead(1);
  await network.offers("b.bin");
  const had = [0, 0];
  let changing: Promise<void> | undefined;
  const ends = await Promise.all(takers.map(async (taker, index) => {
    const { end } = await taker.get("b.bin", (notice) => {
      if (notice.type === "download-progress") had[index] = notice.status.haveBytes;
      if (had.every((count) => count > 100_000)) {
        changing ??= whileDown(network, (path) => Deno.rename(`${path}/b.bin`, `${path}/c.bin`));
      }
    });
    return end;
  }));
  await changing;
  assertEquals(ends, [3, 4].map(() => ({ type: "download-done", name: "b.bin" })));
});

Deno.test("sharing: who follows is found under the new hash by a seed that cannot be dialled", async () => {
  await using network = await SharingNetwork.create(3);
  await network.write(2, "b.bin", bytes);
  // The leader names 127.0.0.1, where this one does not listen.
  const more = { maxUpload: 500_000, swarm: { hostname: "127.0.0.2", port: 0 } };
  network.start(1);
  network.start(2, more);
  const taker = network.start(3);
  network.lead(1);
  await network.offers("b.bin");
  const rename = (path: string) => Deno.rename(`${path}/b.bin`, `${path}/c.bin`);
  const { end } = await getMeanwhile(taker, "b.bin", () => whileDown(network, rename, more));
  assertEquals(end, { type: "download-done", name: "b.bin" });
});

for (const change of ["renamed", "changed"] as const) {
  Deno.test(`sharing: who lists the bytes under a torrent that nobody has does not keep back a file that is ${change}`, async () => {
    await using network = await SharingNetwork.create(4);
    await network.write(2, "b.bin", bytes);
    network.start(1);
    network.start(2, { maxUpload: 500_000 });
    const taker = network.start(3);
    network.lead(1);
    const claims = { name: "a.bin", infoHash: "ab".repeat(20), pieces: "cd".repeat(20) };
    await using _liar = await network.startFake(4, await network.offers("b.bin"), { content: bytes, claims });
    await network.offers("a.bin");
    const other = someBytes(1_000_000, 2);
    const { end } = await getMeanwhile(taker, "b.bin", () =>
      whileDown(network, async (path) => {
        if (change === "renamed") await Deno.rename(`${path}/b.bin`, `${path}/c.bin`);
        else await Deno.writeFile(`${path}/b.bin`, other);
      }));
    assertEquals(end, { type: "download-done", name: "b.bin" });
    assertEquals(await network.read(3, "b.bin"), change === "renamed" ? bytes : other);
  });
}

// A block every four seconds: nothing comes between two looks at the network.
for (
  const [how, size, maxUpload] of [["give", 2_000_000, 150_000], ["give very slowly", 80_000, 4000]] as const
) {
  Deno.test(`sharing: who lists the bytes under a torrent that nobody has does not end what others ${how}`, async () => {
    await using network = await SharingNetwork.create(4);
    const given = someBytes(size);
    await network.write(2, "b.bin", given);
    network.start(1);
    network.start(2, { maxUpload });
    const taker = network.start(3);
    network.lead(1);
    const row = await network.offers("b.bin");
    const claims = { name: "a.bin", infoHash: "ab".repeat(20) };
    let liar: FakeNode | undefined;
    const { end, notices } = await getMeanwhile(taker, "b.bin", async () => {
      liar = await network.startFake(4, row, { content: given, claims });
    });
    await liar?.[Symbol.asyncDispose]();
    assertEquals(end, { type: "download-done", name: "b.bin" });
    assertEquals(notices.filter(({ type }) => type === "download-note"), []);
  });
}

Deno.test("same bytes: another name is what nodes make of it, and nothing that is padded", () => {
  const own = { length: 40_000, pieceLength: 32_768, pieces: new Uint8Array(40) };
  const [a, b] = ["a", "b"].map((name) => parseInfo(encodeInfo({ name, ...own })));
  assert(a !== undefined && b !== undefined);
  assert(isOtherName(a, b));
  const text = new TextDecoder("latin1").decode(b.bytes);
  const padded = parseInfo(
    Uint8Array.from(text.replace(/e$/, "6:unused3:xyze"), (char) => char.charCodeAt(0)),
  );
  assertEquals([padded.name, isOtherName(a, padded)], ["b", false]);
  assert(!isOtherName(a, parseInfo(encodeInfo({ name: "b", ...own, length: 40_001 }))));
  const otherPieces = new Uint8Array(40).fill(1);
  assert(!isOtherName(a, parseInfo(encodeInfo({ name: "b", ...own, pieces: otherPieces }))));
});

Deno.test("same bytes: of rows that one node makes up, however many, the first alone goes before another's", () => {
  const row = (name: string, holder: number): CatalogFile => ({
    ...{ name, bytes: 1, sha256: "same", infoHash: name, nodes: [holder], holders: [holder] },
  });
  const tried = new Set<string>();
  const same = new SameBytes(tried);
  const file = row("was", 1);
  const rows = [...Array.from({ length: 100 }, (_, index) => row(`a${index}`, 4)), row("good", 2)];
  assertEquals(same.next(file, [...rows, file]), undefined, "it is listed itself");
  const first = same.next(file, rows);
  assert(first !== undefined && first.holders.includes(4));
  same.missed(first);
  assertEquals(same.next(file, rows)?.name, "good");
  // Away for a moment, it is asked for again, and so is the other.
  same.missed(row("good", 2));
  assertEquals(same.isThere(file, rows), true);
  for (const each of [first, row("good", 2)]) same.missed(each);
  assertEquals([same.isThere(file, rows), same.next(file, rows) !== undefined], [false, true]);
  const crowd = { ...row("crowd", 5), holders: Array.from({ length: 300_000 }, (_, node) => node) };
  assertEquals(same.next(file, [crowd])?.name, "crowd");
  const listed = { ...crowd, sha256: "ab".repeat(32), infoHash: "ab".repeat(20) };
  const few = { ...listed, holders: [1, 2] };
  assertEquals(readCatalogFiles([listed, few]), [few]);
  for (const { name } of rows) tried.add(name);
  assertEquals(same.next(file, rows), undefined, "all are of other bytes");
});
