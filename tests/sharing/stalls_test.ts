/**
 * States in which a download could stand: what ends each of them, and when.
 */
import { assert, assertEquals } from "@std/assert";
import { ActivePiece } from "../../actors/sharing/active_piece.ts";
import { AddressBook } from "../../actors/sharing/address_book.ts";
import { Bitfield } from "../../actors/sharing/bitfield.ts";
import { PiecePicker } from "../../actors/sharing/piece_picker.ts";
import { PieceVerifier } from "../../actors/sharing/piece_verifier.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { BLOCK_BYTES, type BlockPlace, encodePeerMessage } from "../../protocols/peer_wire.ts";
import { encodeExtensionHandshake } from "../../protocols/peer_extensions.ts";
import { delay, writeAll } from "../sim/_harness.ts";
import { ipv4Of, messagesOf, ScriptedPeer, SWARM_PORT } from "../sim/_scripted_peer.ts";
import { scriptedTorrent } from "../sim/_scripted_swarm.ts";
import { fetcher, giver, hasEnded, ownTorrent } from "../sim/_sharing_stage.ts";
import { fetchingFrom } from "./_fetching.ts";
import type { TestTorrent } from "./_torrent.ts";

Deno.test("fetching: who was silent and of whom nothing is expected any more is asked again", () => {
  for (const how of ["choke", "reject", "leave"] as const) {
    const sim = simWorld({ seed: 1 });
    const { fetching, peers: [peer], clock } = fetchingFrom(sim, 1, false);
    assert(peer !== undefined);
    fetching.refillAll();
    assert(peer.pipeline.size > 0, "it is asked");
    clock.nowMs = 6000;
    fetching.tick();
    assertEquals(peer.isSnubbing, true);
    if (how === "choke") {
      Object.assign(peer.identity.handshake, { fast: false });
      fetching.onChoked(peer, true);
      fetching.onChoked(peer, false);
    } else if (how === "reject") {
      for (const { place } of [...peer.pipeline.all()]) fetching.onRejected(peer, place.piece, place.begin);
    } else fetching.release(peer);
    fetching.tick();
    assert(peer.pipeline.size > 0, `it is asked again after a ${how}`);
    sim.close();
  }
});

Deno.test("fetching: what others might have been asked for meanwhile is not asked of one peer twice", async () => {
  const sim = simWorld({ seed: 1 });
  const { fetching, peers: [peer], clock, blocks } = fetchingFrom(sim, 1, false);
  assert(peer !== undefined);
  fetching.refillAll();
  clock.nowMs = 6000;
  fetching.tick();
  assert([...peer.pipeline.all()].every(({ isReleased }) => isReleased));
  // It gives again.
  const given = [...peer.pipeline.all()].slice(0, 8);
  for (const { place } of given) {
    fetching.onBlock(peer, place.piece, place.begin, new Uint8Array(BLOCK_BYTES));
  }
  fetching.tick();
  await sim.advance(1);
  assert(blocks.length > 16, `${blocks.length} blocks were asked for`);
  const waiting = blocks.filter(({ piece }) => !given.some(({ place }) => place.piece === piece));
  assertEquals(new Set(waiting.map(({ piece }) => piece)).size, waiting.length);
  sim.close();
});

/** A piece of four blocks that was bad, so that it comes from one peer alone, and two that could send it. */
function badPiece() {
  const info = { pieceLength: 4 * BLOCK_BYTES, length: 4 * BLOCK_BYTES, pieceCount: 1 };
  const picker = new PiecePicker({ info, random: () => 0, maxActiveBytes: 1 << 30 });
  const [first, second] = [1, 2].map((id) => ({ id, pieces: Bitfield.full(1) }));
  assert(first !== undefined && second !== undefined);
  for (const { begin } of picker.pick(first, 4)) {
    picker.receive(first.id, 0, begin, new Uint8Array(BLOCK_BYTES));
  }
  picker.settle(0, false);
  return { picker, first, second };
}

Deno.test("picker: who alone was to send a piece, and is not asked any more, does not keep it from others", () => {
  const { picker, first, second } = badPiece();
  // It has sent what it was asked for, and has been asked for no more: nothing of it is given back.
  for (const { begin } of picker.pick(first, 2)) {
    picker.receive(first.id, 0, begin, new Uint8Array(BLOCK_BYTES));
  }
  assertEquals(picker.pick(second, 4), []);
  picker.disown(first.id);
  assertEquals(picker.pick(first, 4), [], "not the same at once");
  assertEquals(picker.pick(second, 4).length, 4, "and from the beginning: who has lied is known then");
  assertEquals(
    picker.receive(first.id, 0, 0, new Uint8Array(BLOCK_BYTES)),
    undefined,
    "what comes late is none of it",
  );
});

Deno.test("picker: who alone is to send a piece has ten seconds for it, and twice as long each time", () => {
  const { picker, first, second } = badPiece();
  const ticksUntilItIsAnothers = (owner: typeof first, other: typeof first): number => {
    assertEquals(picker.pick(owner, 1).length, 1);
    for (let ticks = 1;; ticks++) {
      picker.tick();
      if (picker.pick(other, 4).length > 0) return ticks;
      assert(ticks < 1000, "it is never given to another");
    }
  };
  assertEquals(ticksUntilItIsAnothers(first, second), 20);
  picker.disown(second.id);
  picker.tick();
  assertEquals(ticksUntilItIsAnothers(first, second), 40);
  picker.disown(second.id);
  picker.tick();
  assertEquals(picker.pick(first, 4).length, 4, "one that is alone goes on");
});

Deno.test("verifier: a piece that was complete before its hashing went on is judged once", () => {
  const { hash } = simWorld({ seed: 1 }).host("node").world;
  const blocks = 130;
  const bytes = new Uint8Array(blocks * BLOCK_BYTES).fill(7);
  const verifier = new PieceVerifier({ pieces: hash.digest("SHA-1", bytes) }, hash);
  const active = new ActivePiece(0, bytes.length, 1);
  for (let block = 0; block < blocks; block++) active.take(1, block, new Uint8Array(BLOCK_BYTES).fill(7));
  // The second call is that of a block which came meanwhile.
  assertEquals([verifier.verify(active), verifier.verify(active)], ["more", "more"]);
  assertEquals(verifier.verify(active), "good");
  assertEquals(verifier.verify(active), "unknown", "who has sent it has not lied");
});

Deno.test("address book: where nobody gives, and where one that gave has left, no address waits for long", () => {
  const book = new AddressBook();
  const address = { hostname: "a", port: 1 };
  book.add({ address, infoHash: new Uint8Array(20) });
  for (let failures = 0; failures < 10; failures++) {
    book.next(Infinity);
    book.ended(address, 0);
  }
  assertEquals([book.next(10_000), book.next(9999, false)], [undefined, undefined]);
  assertEquals(book.next(10_000, false)?.address, address);
  book.ended(address, 20_000);
  book.left(address, 20_000);
  assertEquals(book.next(20_999), undefined);
  assertEquals(book.next(21_000)?.address, address);
});

Deno.test("address book: one that has the torrent under another hash by now is dialled at once, by that one", () => {
  const book = new AddressBook();
  const address = { hostname: "a", port: 1 };
  const [before, now] = [1, 2].map((byte) => new Uint8Array(20).fill(byte));
  assert(before !== undefined && now !== undefined);
  book.add({ address, infoHash: before });
  for (let failures = 0; failures < 5; failures++) {
    book.next(Infinity);
    book.ended(address, 0);
  }
  book.add({ address, infoHash: before });
  assertEquals(book.next(1), undefined, "what is known already changes nothing");
  book.add({ address, infoHash: now });
  assertEquals(book.next(1)?.infoHash, now);
});

Deno.test("sharing: a tracker that was away for long is asked again within ten seconds, while something is missing", async () => {
  for (const awayMs of [200_000, 215_000, 230_000, 245_000]) {
    const sim = simWorld({ seed: 6 });
    const torrent = scriptedTorrent(sim, 4);
    const peer = new ScriptedPeer(sim, "peer", torrent);
    const { node, tracker } = fetcher(sim, torrent, () => [peer.address]);
    tracker.host.kill();
    await sim.advance(awayMs);
    tracker.host.restart();
    await sim.until(hasEnded(node), 12_000, "the download to end");
    assertEquals(node.ends[0]?.type, "download-done");
    sim.close();
  }
});

/** Gives 40 blocks, asks for these and reads nothing more, gives what else it was asked for, and reads on. */
async function busyPeer(
  connection: TcpConnection,
  torrent: TestTorrent,
  wait: (ms: number) => Promise<void>,
) {
  const { infoHash, info, bytes } = torrent;
  const held: BlockPlace[] = [];
  let given = 0;
  let isDeaf = false;
  const give = async ({ piece, begin, length }: BlockPlace) => {
    const at = piece * info.pieceLength + begin;
    await writeAll(
      connection,
      encodePeerMessage({ type: "piece", piece, begin, block: bytes.slice(at, at + length) }),
    );
    given++;
  };
  const has: number[] = [];
  for await (const message of messagesOf(connection)) {
    if (message.type === "handshake") {
      const handshake = { infoHash, peerId: new Uint8Array(20).fill(65), fast: true, extended: false };
      await writeAll(connection, encodePeerMessage({ type: "handshake", handshake }));
      await writeAll(connection, encodePeerMessage({ type: "have-all" }));
      await writeAll(connection, encodePeerMessage({ type: "unchoke" }));
      await writeAll(connection, encodePeerMessage({ type: "interested" }));
    }
    if (message.type === "have") has.push(message.piece);
    if (message.type === "request") {
      const { piece, begin, length } = message;
      if (given < 40 || isDeaf) await give({ piece, begin, length });
      else held.push({ piece, begin, length });
    }
    if (isDeaf || held.length < 16 || has.length < 15) continue;
    isDeaf = true;
    for (const piece of has.slice(0, 15)) {
      for (const begin of [0, BLOCK_BYTES]) {
        await writeAll(connection, encodePeerMessage({ type: "request", piece, begin, length: BLOCK_BYTES }));
      }
    }
    await wait(5000);
    for (const place of held) await give(place);
    await wait(5000);
  }
}

Deno.test("sharing: a peer that is sent much and reads nothing is read from meanwhile", async () => {
  const sim = simWorld({ seed: 3 });
  const torrent = scriptedTorrent(sim, 60);
  const host = sim.host("peer");
  const serve = async () => {
    const listener = host.world.net.listenTcp({ hostname: "::", port: SWARM_PORT });
    for (;;) {
      const connection = await listener.accept();
      busyPeer(connection, torrent, (ms) => delay(host.world, ms)).catch(() => {});
    }
  };
  serve();
  const { node } = fetcher(sim, torrent, () => [{ hostname: ipv4Of(host), port: SWARM_PORT }]);
  await sim.advance(9000);
  const [status] = node.notices.flatMap((notice) =>
    notice.type === "download-progress" ? [notice.status] : []
  )
    .slice(-1);
  // Both wait for the other else, until one of the two is closed after a minute.
  assert(status !== undefined && status.downloaded >= 56 * BLOCK_BYTES, `${status?.downloaded} bytes came`);
  await sim.until(hasEnded(node), 20_000, "the download to end");
  assertEquals(node.ends[0]?.type, "download-done");
  sim.close();
});

Deno.test("sharing: a peer that was cut off without a word and dials again is let in within seconds", async () => {
  const sim = simWorld({ seed: 4 });
  const torrent = ownTorrent(sim, scriptedTorrent(sim, 4));
  const node = giver(sim, torrent);
  const host = sim.host("peer");
  const peerId = new TextEncoder().encode("-TO0100-mmmmmmmmmmmm");
  const joined: number[] = [];
  host.start((world) => {
    const dial = async () => {
      const connection = await world.net.connectTcp({ hostname: node.host.name, port: SWARM_PORT });
      const handshake = { infoHash: torrent.infoHash, peerId, fast: true, extended: false };
      await writeAll(connection, encodePeerMessage({ type: "handshake", handshake }));
      for await (const message of messagesOf(connection)) {
        if (message.type === "have-all") joined.push(sim.now);
      }
    };
    const dialOn = async () => {
      for (;;) {
        await dial().catch(() => {});
        await delay(world, 1000);
      }
    };
    dialOn();
  });
  await sim.until(() => joined.length === 1, 60_000, "the first connection");
  host.crash();
  await sim.advance(3000);
  host.restart();
  await sim.until(() => joined.length === 2, 10_000, "the second one");
  sim.close();
});

Deno.test("sharing: who lies and says that it listens where another does has not that other banned", async () => {
  const sim = simWorld({ seed: 5 });
  const torrent = scriptedTorrent(sim, 8);
  const honest = new ScriptedPeer(sim, "both", torrent, { delayMs: 300 });
  const { node } = fetcher(sim, torrent, (count) => count === 1 ? [] : [honest.address]);
  const { world } = honest.host;
  const lie = async () => {
    const connection = await world.net.connectTcp({ hostname: node.host.name, port: SWARM_PORT });
    const { infoHash } = torrent;
    const handshake = { infoHash, peerId: new Uint8Array(20).fill(66), fast: true, extended: true };
    const say = (message: Parameters<typeof encodePeerMessage>[0]) =>
      writeAll(connection, encodePeerMessage(message));
    await say({ type: "handshake", handshake });
    await say({ type: "extended", id: 0, payload: encodeExtensionHandshake({ port: SWARM_PORT }) });
    await say({ type: "have-all" });
    await say({ type: "unchoke" });
    for await (const message of messagesOf(connection)) {
      if (message.type !== "request") continue;
      const { piece, begin, length } = message;
      await say({ type: "piece", piece, begin, block: new Uint8Array(length) });
    }
  };
  await sim.until(() => node.notices.length > 0, 20_000, "the download to begin");
  lie().catch(() => {});
  await sim.until(hasEnded(node), 60_000, "the download to end");
  assertEquals(node.ends[0]?.type, "download-done");
  assert(node.host.log.records.some(({ message }) => message.startsWith("Banned a peer")), "it was banned");
  sim.close();
});

Deno.test("sharing: a stranger that says the ID of a seed from another host takes neither its place nor the download", async () => {
  for (const seed of [1, 2, 3, 4]) {
    const sim = simWorld({ seed });
    const torrent = ownTorrent(sim, scriptedTorrent(sim, 20));
    const seeding = giver(sim, torrent);
    const address = { hostname: ipv4Of(seeding.host), port: SWARM_PORT };
    const { node } = fetcher(sim, torrent, () => [address], { maxDownload: 50_000 });
    const { world } = sim.host("stranger");
    const greet = async (hostname: string, peerId: Uint8Array) => {
      const connection = await world.net.connectTcp({ hostname, port: SWARM_PORT });
      const handshake = { infoHash: torrent.infoHash, peerId, fast: true, extended: false };
      await writeAll(connection, encodePeerMessage({ type: "handshake", handshake }));
      await writeAll(connection, encodePeerMessage({ type: "have-none" }));
      return messagesOf(connection);
    };
    const steal = async () => {
      const [first] = await Array.fromAsync(
        takeOne(await greet(seeding.host.name, new Uint8Array(20).fill(67))),
      );
      assert(first?.type === "handshake");
      const { peerId } = first.handshake;
      for (;;) {
        for await (const _message of await greet(node.host.name, peerId)) { /* It says no more. */ }
      }
    };
    await sim.until(
      () => node.notices.some(({ type }) => type === "download-progress"),
      20_000,
      "the beginning",
    );
    const stealing = steal().catch(() => {});
    await sim.until(hasEnded(node), 30_000, "the download to end");
    assertEquals(node.ends[0]?.type, "download-done");
    sim.close();
    await Promise.race([stealing, Promise.resolve()]);
  }
});

async function* takeOne<T>(all: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const each of all) return yield each;
}
