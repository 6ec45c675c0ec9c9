/**
 * What is fetched loses its name for good: whoever fetches it goes on by the one that its bytes have by then.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { DownloadNotice } from "../../actors/sharing/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { someBytes } from "../sharing/_network.ts";
import { torrentOf } from "../sharing/_torrent.ts";
import type { FolderHistory } from "./_folder_history.ts";
import { announcedTo, letsIn } from "./_sharing_probe.ts";
import { NAMES } from "./_sharing_person.ts";
import { DIRECTORY } from "./_scripted_swarm.ts";

/** So much that it takes its time. */
const LENGTH = 300_000;
const END_MS = 240_000;
/** It takes a look at the network, an announce and an answer. */
const FOUND_MS = 20_000;

/** Who takes part, in a network whose folders are empty. */
export interface MoveOptions {
  readonly sim: SimWorld;
  readonly history: FolderHistory;
  readonly leader: string;
  /** The one that has it, and moves it. */
  readonly keeper: string;
  readonly takers: readonly string[];
  /** Has somebody fetch something. */
  readonly get: (host: string, what: string, told: (notice: DownloadNotice) => void) => void;
  /** Resolves once what is there is offered. */
  readonly offered: () => Promise<void>;
}

/** Each taker goes on with what it has, is found by the new name, and has all of it in the end. */
export async function movedForGood(options: MoveOptions): Promise<void> {
  const { sim, history, keeper, takers, get, offered } = options;
  const [from = "", to = ""] = sim.random.shuffle([...NAMES]);
  const host = sim.host(keeper);
  const content = someBytes(LENGTH, sim.seed * 10 + 9);
  host.disk.write(`${DIRECTORY}/${from}`, content);
  history.put(keeper, from);
  await offered();
  const askedMs = sim.now;
  const all = takers.map((taker) => new Taker(taker));
  for (const taker of all) get(taker.host, from, (notice) => taker.notices.push(notice));
  await sim.until(() => all.every((taker) => taker.haveBytes > 0), 60_000, "a part of it");
  host.disk.rename(`${DIRECTORY}/${from}`, `${DIRECTORY}/${to}`);
  history.put(keeper, to);
  if (sim.random.chance(0.5)) {
    host.kill();
    host.restart();
  }
  const { infoHash } = torrentOf(host.world.hash, to, content);
  const unseen = new Set(all);
  for (const endMs = sim.now + END_MS; !all.every(({ end }) => end !== undefined);) {
    assert(sim.now < endMs, `${from}, which is called ${to} by now, did not come`);
    await sim.advance(500);
    for (const taker of unseen) {
      if (!taker.isFollowing || !unseen.delete(taker)) continue;
      await checkFound(options, taker.host, infoHash);
    }
  }
  sim.sometimes("what has lost its name for good was fetched by another", unseen.size < all.length);
  for (const taker of all) {
    assertEquals(taker.end, { type: "download-done", name: from });
    assertEquals(taker.progress, taker.progress.toSorted((a, b) => a - b), "what was there was lost");
    history.checkFetched({ host: taker.host, name: from, content, askedMs });
  }
}

class Taker {
  readonly host: string;
  readonly notices: DownloadNotice[] = [];

  constructor(host: string) {
    this.host = host;
  }

  /** How much was there, each time that it was told. */
  get progress(): readonly number[] {
    return this.notices.flatMap((notice) =>
      notice.type === "download-progress" ? [notice.status.haveBytes] : []
    );
  }

  get haveBytes(): number {
    return this.progress.at(-1) ?? 0;
  }

  get isFollowing(): boolean {
    return this.notices.some((notice) =>
      notice.type === "download-note" && / is called .* now/.test(notice.text)
    );
  }

  get end(): DownloadNotice | undefined {
    return this.notices.find(({ type }) => type === "download-done" || type === "download-failed");
  }
}

/** Who says that it has followed lets others in by the new hash, and the tracker names it for that. */
async function checkFound(
  { sim, leader }: MoveOptions,
  host: string,
  infoHash: Uint8Array,
): Promise<void> {
  const { world } = sim.host("probe");
  assert(
    await sim.settle(letsIn(world, host, infoHash)),
    `${host} follows, and lets nobody in by the new hash`,
  );
  const { addresses } = sim.host(host);
  const isNamed = async () => {
    const peers = await sim.settle(announcedTo(world, leader, { infoHash, port: 7000 }));
    return peers.some(({ hostname }) => addresses.includes(hostname));
  };
  for (const endMs = sim.now + FOUND_MS; !await isNamed();) {
    assert(sim.now < endMs, `${host} follows, and the tracker does not name it for the new hash`);
    await sim.advance(1000);
  }
}
