import { assertEquals } from "@std/assert";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { type BencodeInput, encodeBencode } from "../../protocols/bencode.ts";
import { encodeMetainfo } from "../../protocols/metainfo.ts";
import { Seeder } from "./_seeder.ts";
import { SharingNetwork, someBytes } from "./_network.ts";
import { FixedTracker } from "./_tracker.ts";

const PIECE = 32768;

Deno.test("sharing: a torrent of many files is fetched into a folder of its own, padding left out", async () => {
  await using network = await SharingNetwork.create(1);
  const { hash } = denoWorld();
  const files: { path: string[]; length: number; attr?: string }[] = [
    { path: ["first.bin"], length: 50_000 },
    { path: [".pad", "15536"], length: 15_536, attr: "p" },
    { path: ["empty"], length: 0 },
    { path: ["sub", "deep", "second.bin"], length: 100_001 },
    { path: ["sub", "third ü.bin"], length: 7 },
  ];
  const parts = files.map(({ length, attr }, index) =>
    attr === "p" ? new Uint8Array(length) : someBytes(length, index + 1)
  );
  const content = new Uint8Array(await new Blob(parts).arrayBuffer());
  const pieces = new Uint8Array(20 * Math.ceil(content.length / PIECE));
  for (let at = 0; at < content.length; at += PIECE) {
    pieces.set(hash.digest("SHA-1", content.subarray(at, at + PIECE)), 20 * at / PIECE);
  }
  const entries: BencodeInput[] = files.map(({ path, length, attr }) => ({ path, length, attr }));
  const info = encodeBencode({ name: "many", "piece length": PIECE, pieces, files: entries });

  using seeder = new Seeder({ content, pieceLength: PIECE });
  await using tracker = new FixedTracker([seeder.port], 5);
  const path = network.file("many.torrent");
  // The first tracker does not answer: the next one is asked (BEP 12).
  const trackers = [["http://127.0.0.1:9/announce"], [tracker.url]];
  await Deno.writeFile(path, encodeMetainfo(info, trackers));

  const { end } = await network.start(1).get(path);
  assertEquals(end, { type: "download-done", name: "many" });
  for (const [index, file] of files.entries()) {
    const at = `${network.directory(1)}/many/${file.path.join("/")}`;
    if (file.attr === "p") assertEquals(await Deno.stat(at).then(() => true, () => false), false);
    else assertEquals(await Deno.readFile(at), parts[index]);
  }
});
