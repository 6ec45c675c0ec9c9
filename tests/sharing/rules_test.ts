/**
 * The pure parts: which pieces, which peers, which address.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ActivePiece } from "../../actors/sharing/active_piece.ts";
import { AddressBook } from "../../actors/sharing/address_book.ts";
import { bandwidth } from "../../actors/sharing/bandwidth.ts";
import { BadPieces } from "../../actors/sharing/bad_pieces.ts";
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import { Catalog, readInventory } from "../../actors/sharing/catalog.ts";
import { chooseUnchoked } from "../../actors/sharing/choker.ts";
import { Hunger } from "../../actors/sharing/hunger.ts";
import { isTaken } from "../../actors/sharing/is_taken.ts";
import type { BandwidthGranted } from "../../actors/sharing/messages.ts";
import { PiecePicker } from "../../actors/sharing/piece_picker.ts";
import { SwarmTable } from "../../actors/sharing/swarm_table.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";
import { ActorSystem, type Behavior } from "../../mod.ts";

const BLOCK = 16384;

function bitfield(size: number, ...pieces: number[]): Bitfield {
  const made = new Bitfield(size);
  for (const piece of pieces) made.add(piece);
  return made;
}

Deno.test("bitfield: what is put in is what peers are sent, and what they send is read with care", () => {
  assertEquals([...bitfield(10, 0, 9).bytes], [0x80, 0x40]);
  assertEquals(Bitfield.parse(Uint8Array.of(0x80, 0x40), 10)?.count, 2);
  for (const bad of [[0x80], [0, 0, 0], [0, 0x20]]) {
    assertEquals(Bitfield.parse(Uint8Array.from(bad), 10), undefined);
  }
  fc.assert(fc.property(fc.uniqueArray(fc.nat(99)), fc.uniqueArray(fc.nat(99)), (a, b) => {
    const [left, right] = [bitfield(100, ...a), bitfield(100, ...b)];
    assertEquals([left.count, left.isFull], [a.length, a.length === 100]);
    assertEquals(left.countBeyond(right), a.filter((piece) => !b.includes(piece)).length);
    for (const piece of a) left.remove(piece);
    assertEquals(left.count, 0);
    assertEquals(Bitfield.full(100).countBeyond(right), 100 - b.length);
  }));
});

Deno.test("bitfield: a piece that the torrent does not have is put in by nobody", () => {
  const pieces = bitfield(10, 3);
  // 10 to 15 have bits in the last byte.
  assertEquals([-1, 10, 15, 16, 1000, 3].map((piece) => pieces.add(piece)), Array(6).fill(false));
  assertEquals([pieces.count, [...pieces.bytes]], [1, [0x10, 0]]);
});

/** A torrent of so many pieces of two blocks. */
function pickerOf(pieceCount: number, maxActiveBytes = 1 << 30): PiecePicker {
  const info = { pieceLength: 2 * BLOCK, length: pieceCount * 2 * BLOCK, pieceCount };
  return new PiecePicker({ info, random: () => 0, maxActiveBytes });
}

Deno.test("picker: the rarest piece comes first, and one peer fetches one piece", () => {
  const picker = pickerOf(4);
  const [a, b] = [{ id: 1, pieces: Bitfield.full(4) }, { id: 2, pieces: bitfield(4, 0, 1, 2) }];
  picker.countPeer(undefined, a.pieces);
  picker.countPeer(undefined, b.pieces);
  assertEquals(picker.pick(a, 2).map(({ piece }) => piece), [3, 3], "only one peer has it");
  assertEquals(picker.pick(b, 1).map(({ piece }) => piece), [0]);
  assertEquals(picker.pick(a, 1).map(({ piece }) => piece), [1], "the piece of another is left to it");
  assertEquals(picker.pick(b, 1), [{ piece: 0, begin: BLOCK, length: BLOCK }]);
});

Deno.test("picker: at the end every block is asked of several, and the first that sends it counts", () => {
  const picker = pickerOf(1);
  const peers = [1, 2, 3, 4].map((id) => ({ id, pieces: Bitfield.full(1) }));
  const [a, b, c, d] = peers;
  assert(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  assertEquals(picker.pick(a, 2).length, 2);
  assertEquals([picker.pick(b, 9).length, picker.pick(c, 9).length, picker.pick(d, 9).length], [2, 2, 0]);
  assertEquals(picker.receive(2, 0, 0, new Uint8Array(BLOCK))?.others, [1, 3]);
  assertEquals(picker.receive(1, 0, 0, new Uint8Array(BLOCK)), undefined, "it is there already");
});

Deno.test("picker: of a million pieces a few thousand are looked at in one go, and the only one is found", () => {
  const pieceCount = 1_000_000;
  let looks = 0;
  const picker = new PiecePicker({
    info: { pieceLength: 1, length: pieceCount, pieceCount },
    random: () => 0.5,
    maxActiveBytes: 1 << 30,
  });
  const counting = (peer: { id: number; pieces: Bitfield }, count: number) => {
    looks = 0;
    return picker.pick(peer, count, () => (looks++, true)).map(({ piece }) => piece);
  };
  const all = { id: 1, pieces: Bitfield.full(pieceCount) };
  for (let peers = 0; peers < 4; peers++) picker.countPeer(undefined, all.pieces);
  assertEquals(new Set(counting(all, 500)).size, 500);
  assert(looks < 100_000, `${looks} pieces were looked at`);
  const one = { id: 5, pieces: bitfield(pieceCount, 3) };
  let found: number[] = [];
  for (let goes = 0; found.length === 0 && goes < 100; goes++) found = counting(one, 1);
  assertEquals(found, [3]);
});

Deno.test("picker: pieces on their way are bounded by bytes, but for one that always may be", () => {
  const picker = pickerOf(10, 4 * BLOCK);
  const peer = { id: 1, pieces: Bitfield.full(10) };
  assertEquals(picker.pick(peer, 100).length, 4);
  assertEquals(pickerOf(10, 1).pick(peer, 100).length, 2);
});

Deno.test("picker: whatever peers come, go, send, fail and lie, every piece is there in the end", () => {
  const step = fc.record({
    peer: fc.integer({ min: 1, max: 4 }),
    what: fc.nat(9),
    count: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const picker = pickerOf(6);
      const peers = [1, 2, 3, 4].map((id) => ({ id, pieces: Bitfield.full(6) }));
      const asked = new Map(
        peers.map(({ id }) => [id, [] as { piece: number; begin: number; length: number }[]]),
      );
      const send = (id: number, isGood: boolean) => {
        const place = asked.get(id)?.shift();
        if (place === undefined) return;
        const active = picker.receive(id, place.piece, place.begin, new Uint8Array(place.length))?.active;
        if (active?.isComplete) picker.settle(place.piece, isGood);
      };
      const fill = (id: number, count: number) => {
        const peer = peers[id - 1];
        if (peer !== undefined) asked.get(id)?.push(...picker.pick(peer, count));
      };
      const drop = (id: number) => {
        for (const place of asked.get(id)?.splice(0) ?? []) picker.release(id, place);
      };
      for (const { peer, what, count } of steps) {
        if (what === 0) drop(peer);
        else if (what < 5) fill(peer, count);
        else send(peer, what !== 5);
      }
      // One peer that is left fetches all that is missing.
      for (const id of [1, 2, 3]) drop(id);
      for (let round = 0; round < 100 && !picker.have.isFull; round++) {
        // Who has just failed to send a piece alone is not asked for it before the clock was looked at.
        picker.tick();
        fill(4, 100);
        while ((asked.get(4)?.length ?? 0) > 0) send(4, true);
      }
      assert(picker.have.isFull);
      assertEquals([picker.activeCount, picker.settlingCount], [0, 0]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("bad pieces: who sent the block that is wrong is found when the piece is there", () => {
  const bad = new ActivePiece(0, 3 * BLOCK, 1);
  const good = new ActivePiece(0, 3 * BLOCK, 4);
  const block = new Uint8Array(BLOCK);
  for (const [index, sender] of [1, 2, 3].entries()) {
    bad.take(sender, index, sender === 2 ? block.with(5, 1) : block);
    good.take(4, index, block);
  }
  const pieces = new BadPieces();
  assertEquals(pieces.bad(bad), 0, "of three it may be any");
  assertEquals(pieces.good(good), [2]);
  assertEquals(pieces.good(good), []);
  assertEquals(new BadPieces().bad(good), 4, "of one it is that one");
});

Deno.test("choker: those who give most are sent to, one by chance, and nobody who wants nothing", () => {
  const peers = Array.from({ length: 10 }, (_, index) => ({
    id: index + 1,
    isInterested: index !== 9,
    isSnubbing: index === 8,
    rate: index,
    sinceMs: 0,
  }));
  const options = { slots: 4, optimistic: 0, rotate: false, random: () => 0, nowMs: 1e6 };
  const { ids, optimistic } = chooseUnchoked(peers, options);
  assertEquals([...ids], [8, 7, 6, 1]);
  assertEquals(optimistic, 1);
  assertEquals(
    chooseUnchoked(peers, { ...options, optimistic: 9 }).optimistic,
    9,
    "kept until it is another's turn",
  );
  assertEquals(chooseUnchoked(peers, { ...options, optimistic: 9, rotate: true }).optimistic, 1);
  assertEquals(chooseUnchoked([], options), { ids: new Set<number>(), optimistic: 0 });
});

Deno.test("address book: who fails is tried later each time, who is banned never, and it does not grow", () => {
  const book = new AddressBook();
  const infoHash = new Uint8Array(20);
  const address = { hostname: "a", port: 1 };
  book.add({ address, infoHash });
  assertEquals(book.next(0)?.address, address);
  assertEquals(book.next(0), undefined, "it is busy");
  book.ended(address, 0);
  assertEquals([book.next(999), book.next(1000)?.address], [undefined, address]);
  book.ended(address, 1000);
  assertEquals(book.next(2999), undefined);
  book.ban(address);
  assertEquals(book.next(1e9), undefined);
  for (let host = 0; host < 2000; host++) book.add({ address: { hostname: `b${host}`, port: 1 }, infoHash });
  let count = 0;
  while (book.next(0) !== undefined) count++;
  assertEquals(count, 499);
});

Deno.test("address book: however many ports of one host are named, few are dialled, and one that answers may come yet", () => {
  const book = new AddressBook();
  const infoHash = new Uint8Array(20);
  const name = (port: number) =>
    book.add({ address: { hostname: `2001:db8::${port % 10}`, port }, infoHash });
  for (let port = 1; port <= 500; port++) name(port);
  let dials = 0;
  // For ten minutes, in which 200 new ones are named each 5 s.
  for (let second = 0; second < 600; second++) {
    for (let target = book.next(second * 1000, false); target !== undefined;) {
      dials++;
      book.ended(target.address, second * 1000);
      target = book.next(second * 1000, false);
    }
    if (second % 5 === 0) { for (let port = 0; port < 200; port++) name(1000 + second * 40 + port); }
  }
  assert(dials < 600 * 10, `${dials} dials in ten minutes`);
  assert(dials > 600, `${dials} dials in ten minutes`);
});

Deno.test("hunger: who gets nothing asks for more peers, less and less often, until somebody has something", () => {
  const hunger = new Hunger(0);
  const asked: number[] = [];
  for (let second = 0; second <= 800; second++) {
    if (hunger.isTimeToAsk(false, second * 1000)) asked.push(second);
  }
  assertEquals(asked, [10, 30, 70, 150, 310, 630]);
  assertEquals(hunger.isTimeToAsk(true, 10_000_000), false);
  assertEquals(hunger.isTimeToAsk(false, 10_009_999), false);
  assertEquals(hunger.isTimeToAsk(false, 10_010_000), true);
});

Deno.test("catalog: the same bytes are one torrent, a false SHA-256 is a content of its own", () => {
  const hex = (digit: string, length: number) => digit.repeat(length);
  const file = (name: string, content: string, infoHash: string) => ({
    name,
    bytes: 5,
    sha256: hex(content, 64),
    infoHash: hex(infoHash, 40),
    pieces: hex(content, 40),
  });
  const catalog = new Catalog([
    { node: 2, swarmPort: 1, files: [file("b", "1", "b"), { ...file("a", "1", "c"), pieces: hex("f", 40) }] },
    { node: 1, swarmPort: 1, files: [file("a", "1", "a")] },
    { node: 3, swarmPort: 1, files: [file("a", "1", "a")] },
  ]);
  assertEquals(
    catalog.files.map(({ name, nodes, holders, infoHash }) => [name, nodes, holders, infoHash[0]]),
    [
      ["a", [1, 3], [1, 2, 3], "a"],
      ["a", [2], [2], "c"],
      ["b", [2], [1, 2, 3], "a"],
    ],
  );
  assertEquals(catalog.byName("a")?.nodes, [1, 3], "what most have");
  assertEquals(catalog.contentKey(hex("b", 40)), catalog.contentKey(hex("a", 40)));
  const read = readInventory({
    swarmPort: 1,
    files: [file("../x", "1", "a"), { name: "y" }, 7, file("z", "1", "a")],
  }, 1);
  assertEquals(read.files.map(({ name }) => name), ["z"]);
});

Deno.test("swarm table: who is silent is forgotten, one address has a bounded share", () => {
  const table = new SwarmTable(1000);
  const request = (port: number, left = 1) => ({
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20),
    port,
    uploaded: 0,
    downloaded: 0,
    left,
  });
  for (let port = 1; port <= 5000; port++) table.announce("k", request(port), "1.1.1.1", 0);
  table.announce("k", request(1, 0), "2.2.2.2", 500);
  assertEquals(table.counts("k", 500), { complete: 1, incomplete: 100, downloaded: 0 });
  assertEquals(table.peers("k", { ...request(1), numWant: 10_000 }, "3.3.3.3", 500, () => 0).length, 100);
  assertEquals(table.counts("k", 1200), { complete: 1, incomplete: 0, downloaded: 0 });
  table.announce("k", { ...request(1, 0), event: "stopped" }, "2.2.2.2", 1200);
  assertEquals(table.counts("k", 1200).complete, 0);
});

Deno.test("bandwidth: who asks is served in turn, and who has gone takes nothing from those who wait", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("test", { world: sim.host("node").world });
  const limit = system.spawn("limit", bandwidth(10_000));
  const granted: number[] = [];
  const asker =
    (id: number): Behavior<BandwidthGranted | { readonly type: "leave" }> => (self) => (message) => {
      if (message.type === "leave") return self.stop();
      granted.push(id, message.bytes);
    };
  const refs = Array.from({ length: 20_002 }, (_, id) => system.spawn(`asker-${id}`, asker(id)));
  for (const replyTo of refs) limit.tell({ type: "take-bandwidth", bytes: 1000, replyTo });
  await sim.advance(10);
  assertEquals(granted, [0, 1000], "the second waits until the first is made up for");
  for (const ref of refs.slice(1, -1)) ref.tell({ type: "leave" });
  // At ten a second those that have gone would have been served for half an hour.
  await sim.until(() => granted.includes(20_001), 20_000, "the last of very many to have its turn");
  await sim.settle(system.stop());
  sim.close();
});

Deno.test("names: what the file system takes for a name of the folder is taken, and so is a link that leads nowhere", async () => {
  const isLink = { isFile: false, isDirectory: false, isLink: true };
  const there = { isFile: true, isDirectory: false, isLink: false, size: 5, modifiedAtMs: 0 };
  // As APFS does, case does not count.
  const disk = {
    list: () => Promise.resolve([{ name: "README", ...there }, { name: "nowhere", ...isLink }]),
    stat: (path: string) =>
      path.toLowerCase() === "/data/readme"
        ? Promise.resolve(there)
        : Promise.reject(new WorldError("not-found", "It is not there")),
  };
  const names = ["README", "Readme", "nowhere", "other"];
  const taken = await Promise.all(names.map((name) => isTaken(disk, "/data", name)));
  assertEquals(taken, [true, true, true, false]);
});
