/**
 * How much is hashed in one go, while others wait.
 */
import { assert, assertEquals } from "@std/assert";
import { ActivePiece } from "../../actors/sharing/active_piece.ts";
import { STRETCH_BYTES } from "../../actors/sharing/block_cache.ts";
import { hashFile } from "../../actors/sharing/hash_file.ts";
import { PieceVerifier } from "../../actors/sharing/piece_verifier.ts";
import { torrentResources } from "../../actors/sharing/resources.ts";
import { findSource } from "../../actors/sharing/sources.ts";
import { storage } from "../../actors/sharing/storage.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { Hash, World } from "../../actors/world/world.ts";
import { encodeInfo, encodeMetainfo } from "../../protocols/metainfo.ts";
import { BLOCK_BYTES } from "../../protocols/peer_wire.ts";
import { ActorSystem } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { someBytes } from "./_network.ts";
import { torrentOf } from "./_torrent.ts";

const NAME = "a.bin";
const world = denoWorld({ log: { level: "error" } });
const LIMITS = { timeoutMs: 60_000 };

Deno.test("hashing: never more than a mebibyte in one go, which is half a millisecond: sockets do not wait for it", async () => {
  await using temp = await tempDirectory();
  const bytes = someBytes(2 * 1024 * 1024 + 5);
  const updates: number[] = [];
  const hash: Hash = {
    digest: (algorithm, data) => (updates.push(data.length), world.hash.digest(algorithm, data)),
    hmac: (algorithm, key, message) => world.hash.hmac(algorithm, key, message),
    start: (algorithm) => {
      const hasher = world.hash.start(algorithm);
      return {
        update: (data) => (updates.push(data.length), hasher.update(data)),
        digest: () => hasher.digest(),
      };
    },
  };
  const counting: World = { ...world, hash };
  const path = temp.file("to-hash.bin");
  await Deno.writeFile(path, bytes);
  const { sha256 } = await hashFile(counting, path, new AbortController().signal);
  assertEquals(sha256, world.hash.digest("SHA-256", bytes));

  // What is resumed, and what is finished: read from the disk, each part after others had their turn.
  await using system = new ActorSystem("test", { world: counting });
  const { info } = torrentOf(world.hash, NAME, bytes, 2 * 1024 * 1024);
  const place = { type: "fetched", directory: temp.path, partDirectory: temp.file(".parts") } as const;
  await Deno.mkdir(temp.file(".parts"));
  await Deno.writeFile(temp.file(`.parts/${NAME}`), bytes);
  const { cache, openFiles } = torrentResources(world);
  const blocks = cache.region();
  const ref = system.spawn("storage", storage({ info, place, blocks, openFiles, sha256 }));
  const found = await ref.ask({ type: "scan" }, LIMITS);
  assert(found.pieces.isFull);
  assertEquals(await ref.ask({ type: "finish" }, LIMITS), { type: "finished" });
  assert(Math.max(...updates) <= STRETCH_BYTES, `${Math.max(...updates)} bytes at once`);

  // A piece whose first block comes last is all to be hashed at once.
  updates.length = 0;
  const piece = new ActivePiece(0, 2 * 1024 * 1024, 1);
  const verifier = new PieceVerifier(info, hash);
  const goes: number[] = [];
  for (let block = piece.blockCount - 1; block >= 0; block--) {
    piece.take(1, block, bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
    let outcome: string;
    do {
      const before = updates.reduce((sum, length) => sum + length, 0);
      outcome = verifier.verify(piece);
      goes.push(updates.reduce((sum, length) => sum + length, 0) - before);
    } while (outcome === "more");
    assertEquals(outcome, block === 0 ? "good" : "unknown");
  }
  assertEquals(goes.filter((hashed) => hashed > 0), [1024 * 1024, 1024 * 1024]);

  // A dictionary of three megabytes.
  updates.length = 0;
  const pieces = new Uint8Array(20 * 160_000);
  const large = encodeInfo({ name: NAME, pieceLength: 16384, pieces, length: 160_000 * 16384 });
  const torrentPath = temp.file("large.torrent");
  await Deno.writeFile(torrentPath, encodeMetainfo(large));
  const { signal } = new AbortController();
  const source = await findSource(torrentPath, { world: counting, nodes: [], signal });
  assert(source.type === "torrent");
  assertEquals(source.order.infoHash, world.hash.digest("SHA-1", large));
  assert(Math.max(...updates) <= 1024 * 1024, `${Math.max(...updates)} bytes at once`);
});

Deno.test("hashing: while a large file is hashed, sockets have their turn after each millisecond", async () => {
  await using temp = await tempDirectory();
  const bytes = someBytes(4 * STRETCH_BYTES);
  const path = temp.file(NAME);
  await Deno.writeFile(path, bytes);
  // A step takes 0.6 ms: two of them are one slice.
  let [nowMs, steps, mostSteps] = [0, 0, 0];
  const hash: Hash = {
    ...world.hash,
    start: (algorithm) => {
      const hasher = world.hash.start(algorithm);
      return {
        update: (data) => {
          hasher.update(data);
          if (algorithm !== "SHA-1") return;
          nowMs += 0.6;
          mostSteps = Math.max(mostSteps, ++steps);
        },
        digest: () => hasher.digest(),
      };
    },
  };
  const loop: World["loop"] = {
    soon: (task) => world.loop.soon(task),
    nextTurn: (task) => world.loop.nextTurn(task),
    afterPoll: (task) => {
      steps = 0;
      world.loop.afterPoll(task);
    },
  };
  const slow: World = { ...world, hash, loop, clock: withMonotonic(() => nowMs) };
  await hashFile(slow, path, new AbortController().signal);
  assertEquals(mostSteps, 2, "steps between two looks at the sockets");
});

function withMonotonic(monotonic: () => number): World["clock"] {
  const { clock } = world;
  return {
    monotonic,
    now: () => clock.now(),
    utcOffsetMinutes: (atMs) => clock.utcOffsetMinutes(atMs),
    timeZone: () => clock.timeZone(),
    timer: (delayMs, task) => clock.timer(delayMs, task),
  };
}
