import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ActivePiece } from "../../actors/sharing/active_piece.ts";
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import { library, type LibraryChanged } from "../../actors/sharing/library.ts";
import type { PeerCommand } from "../../actors/sharing/messages.ts";
import { PiecePicker } from "../../actors/sharing/piece_picker.ts";
import { RequestPipeline } from "../../actors/sharing/request_pipeline.ts";
import { TorrentPeers } from "../../actors/sharing/torrent_peers.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { deadline, tempDirectory } from "../_helpers.ts";

const BLOCK = 16384;

Deno.test("pipeline: a block counts as the one that was asked for at its very place alone", () => {
  const pipeline = new RequestPipeline(0);
  pipeline.add([{ piece: 1, begin: 0, length: BLOCK }]);
  // The second place is 64 MiB into piece 0.
  for (const [piece, begin] of [[1, 5], [0, 4096 * BLOCK], [1, BLOCK]] as const) {
    assertEquals(pipeline.take(piece, begin), undefined, `${piece} ${begin}`);
  }
  assertNotEquals(pipeline.take(1, 0), undefined);
  assertEquals(pipeline.take(1, 0), undefined);
});

Deno.test("picker: what one peer alone was to send is asked of another when it has gone, whatever it had sent", () => {
  const info = { pieceLength: 2 * BLOCK, length: 2 * BLOCK, pieceCount: 1 };
  const picker = new PiecePicker({ info, random: () => 0, maxActiveBytes: 1 << 30 });
  const [liar, honest] = [1, 2].map((id) => ({ id, pieces: Bitfield.full(1) }));
  assert(liar !== undefined && honest !== undefined);
  // A bad piece is fetched anew from one peer alone.
  picker.pick(liar, 2);
  for (const begin of [0, BLOCK]) picker.receive(liar.id, 0, begin, new Uint8Array(BLOCK));
  picker.settle(0, false);
  // It sends what it was asked for and goes before it is asked for the rest.
  assertEquals(picker.pick(liar, 1).length, 1);
  picker.receive(liar.id, 0, 0, new Uint8Array(BLOCK));
  assertEquals(picker.pick(honest, 2), []);
  picker.releasePeer(liar.id);
  // All of it, so that it is of one peer again.
  assertEquals(picker.pick(honest, 2).map(({ begin }) => begin), [0, BLOCK]);
});

Deno.test("active piece: a peer that has gone keeps no block and no piece", () => {
  const piece = new ActivePiece(0, 2 * BLOCK, 7);
  piece.askUnasked(7, 2, []);
  piece.releaseAll(7);
  assertEquals([piece.owner, piece.hasUnasked], [0, true]);
});

Deno.test("peers: who lies under the ID of another has not that other banned", async () => {
  await using system = new ActorSystem("test");
  const ref = system.spawn("peer", () => (_message: PeerCommand) => {});
  const peers = new TorrentPeers(new Uint8Array(20), 1, 10);
  const handshake = {
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20).fill(65),
    fast: true,
    extended: true,
  };
  const identityAt = (hostname: string) => ({ handshake, address: { hostname, port: 1 }, isOutgoing: false });
  const liar = peers.add(ref, identityAt("10.0.0.1"), 0);
  peers.ban(liar);
  peers.remove(liar);
  assertEquals(peers.admit(identityAt("10.0.0.1"), 0).type, "refused");
  assertEquals(peers.admit(identityAt("10.0.0.2"), 0).type, "admitted");
});

Deno.test("peers: of very many that are banned the last ones are known", async () => {
  await using system = new ActorSystem("test");
  const peers = new TorrentPeers(new Uint8Array(20), 1, 10);
  const ref = system.spawn("peer", () => (_message: PeerCommand) => {});
  const identityOf = (port: number) => ({
    handshake: { infoHash: new Uint8Array(20), peerId: new Uint8Array(20), fast: true, extended: true },
    address: { hostname: `10.0.${port >> 8}.${port & 255}`, port },
    isOutgoing: false,
  });
  for (let port = 0; port < 1001; port++) peers.ban(peers.add(ref, identityOf(port), 0));
  assertEquals([0, 1, 1000].map((port) => peers.isBanned(identityOf(port))), [false, true, true]);
});

Deno.test("peers: a foreign client and we that dial each other keep both connections, until it has chosen", async () => {
  await using system = new ActorSystem("test");
  const peers = new TorrentPeers(new TextEncoder().encode("-TO0100-mmmmmmmmmmmm"), 1, 10);
  const identityOf = (peerId: string, isOutgoing: boolean) => ({
    handshake: {
      infoHash: new Uint8Array(20),
      peerId: new TextEncoder().encode(peerId),
      fast: true,
      extended: true,
    },
    address: { hostname: "10.0.0.1", port: 1 },
    isOutgoing,
  });
  let count = 0;
  const add = (identity: ReturnType<typeof identityOf>) =>
    peers.add(system.spawn(`${count++}`, () => (_message: PeerCommand) => {}), identity, 0);
  // Whichever of the two IDs is greater, and whoever comes first.
  for (const foreign of ["-AA0100-aaaaaaaaaaaa", "A2-1-36-0-zzzzzzzzzz"]) {
    for (const isOutgoing of [true, false]) {
      const first = add(identityOf(foreign, isOutgoing));
      assertEquals(peers.admit(identityOf(foreign, isOutgoing), 0).type, "refused", "it dials twice");
      assertEquals(peers.admit(identityOf(foreign, !isOutgoing), 0), { type: "admitted" });
      const second = add(identityOf(foreign, !isOutgoing));
      assertEquals(peers.admit(identityOf(foreign, isOutgoing), 0).type, "refused", "two are enough");
      peers.remove(first);
      peers.remove(second);
    }
  }
  // Nodes of our kind both see which one goes: that of the lesser ID.
  const lesser = add(identityOf("-TO0100-aaaaaaaaaaaa", false));
  assertEquals(peers.admit(identityOf("-TO0100-aaaaaaaaaaaa", true), 0), {
    type: "admitted",
    insteadOf: lesser,
  });
  add(identityOf("-TO0101-zzzzzzzzzzzz", false));
  assertEquals(peers.admit(identityOf("-TO0101-zzzzzzzzzzzz", true), 0).type, "refused");
});

Deno.test("peers: who says the ID of another from another host is another peer, first or last, and one that moves blocks stays", async () => {
  await using system = new ActorSystem("test");
  for (const own of ["-TO0100-aaaaaaaaaaaa", "-TO0100-zzzzzzzzzzzz"]) {
    const peers = new TorrentPeers(new TextEncoder().encode(own), 1, 10);
    const identityAt = (hostname: string, isOutgoing: boolean) => ({
      handshake: {
        infoHash: new Uint8Array(20),
        peerId: new TextEncoder().encode("-TO0100-mmmmmmmmmmmm"),
        fast: true,
        extended: true,
      },
      address: { hostname, port: 1 },
      isOutgoing,
    });
    const [honest, stranger] = [identityAt("10.0.0.1", true), identityAt("10.0.0.2", false)];
    const ref = system.spawn(own, () => (_message: PeerCommand) => {});
    for (const [first, second] of [[honest, stranger], [stranger, honest]] as const) {
      const peer = peers.add(ref, first, 0);
      for (const isOutgoing of [true, false]) {
        assertEquals(peers.admit({ ...second, isOutgoing }, 0), { type: "admitted" });
      }
      peers.remove(peer);
    }
    const peer = peers.add(ref, honest, 0);
    peer.given.add(1);
    assertEquals(peers.admit({ ...honest, isOutgoing: false }, 0).type, "refused");
  }
});

Deno.test("peers: who holds a place and takes no part gives way when all are taken, and nobody else", async () => {
  await using system = new ActorSystem("test");
  const identityOf = (id: number) => ({
    handshake: {
      infoHash: new Uint8Array(20),
      peerId: new Uint8Array(20).fill(id),
      fast: true,
      extended: true,
    },
    address: { hostname: "10.0.0.1", port: id },
    isOutgoing: false,
  });
  const peers = new TorrentPeers(new Uint8Array(20), 1, 3);
  const [first, second, third] = [1, 2, 3].map((id) =>
    peers.add(system.spawn(`${id}`, () => (_message: PeerCommand) => {}), identityOf(id), id)
  );
  assert(first !== undefined && second !== undefined && third !== undefined);
  first.usedAtMs = 29_000;
  assertEquals(peers.admit(identityOf(4), 30_001).type, "refused", "none is idle for half a minute yet");
  assertEquals(peers.admit(identityOf(4), 30_002), { type: "admitted", insteadOf: second });
  second.usedAtMs = third.usedAtMs = 29_500;
  assertEquals(peers.admit(identityOf(4), 58_000).type, "refused", "all three take part");
});

Deno.test("library: many files are told of a few times, not each time all of them", async () => {
  await using temp = await tempDirectory();
  const count = 400;
  for (let index = 0; index < count; index++) await Deno.writeTextFile(temp.file(`${index}`), `${index}`);
  await using system = new ActorSystem("test", { world: denoWorld({ log: { level: "error" } }) });
  const { promise, resolve } = Promise.withResolvers<void>();
  let told = 0;
  const observer = system.spawn("observer", () => ({ files }: LibraryChanged) => {
    told++;
    if (files.length === count) resolve();
  });
  system.spawn("library", library({ directory: temp.path, observer }));
  await deadline(promise);
  assert(told < count / 2, `told ${told} times of ${count} files`);
});
