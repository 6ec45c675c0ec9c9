/**
 * Parts of the sharing that fail and are started afresh know again what they had been told.
 */
import { assertEquals } from "@std/assert";
import { downloads } from "../../actors/sharing/downloads.ts";
import type { DownloadNotice, SharingNode } from "../../actors/sharing/mod.ts";
import type { SwarmEntry } from "../../actors/sharing/messages.ts";
import type { SwarmsCommand } from "../../actors/sharing/swarms_commands.ts";
import { hashFile } from "../../actors/sharing/hash_file.ts";
import { swarms } from "../../actors/sharing/swarms.ts";
import { type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import type { World } from "../../actors/world/world.ts";
import type { TorrentNotice } from "../../actors/sharing/torrent_status.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { hexText } from "../../protocols/tracker.ts";
import { until } from "../_helpers.ts";
import { SharingNetwork, someBytes } from "./_network.ts";
import { isSameContent, torrentOf } from "./_torrent.ts";

/** A world in which the next digest of something with `text` in it fails, once that is set. */
class FailingOnce {
  text: string | undefined;

  readonly change = (world: World): World => {
    const { hash } = world;
    return {
      ...world,
      hash: {
        start: (algorithm) => hash.start(algorithm),
        hmac: (algorithm, key, message) => hash.hmac(algorithm, key, message),
        digest: (algorithm, bytes) => {
          this.#perhapsFail(bytes);
          return hash.digest(algorithm, bytes);
        },
      },
    };
  };

  #perhapsFail(bytes: Uint8Array): void {
    if (this.text === undefined || !new TextDecoder().decode(bytes).includes(this.text)) return;
    this.text = undefined;
    throw new Error("it fails once");
  }
}

/** Two nodes, of which the first leads and will fail, and the second has `a.bin`. */
async function start(): Promise<{ network: SharingNetwork; failing: FailingOnce }> {
  const network = await SharingNetwork.create(2);
  const failing = new FailingOnce();
  await network.write(2, "a.bin", someBytes(1000));
  network.start(1, {}, failing.change);
  network.start(2);
  network.lead(1);
  await network.offers("a.bin");
  return { network, failing };
}

Deno.test("sharing: a tracker that is started afresh leads on, and lists what the members have", async () => {
  const { network: started, failing } = await start();
  await using network = started;
  // Who wants something is told with a digest, each second: nobody does.
  failing.text = "[]";
  await until(() => failing.text === undefined, "the failure");
  await network.offers("a.bin");
});

Deno.test("sharing: a node whose torrents are started afresh leads on, gives and fetches", async () => {
  const { network: started, failing } = await start();
  await using network = started;
  failing.text = "4:name5:b.bin";
  const bytes = someBytes(100_000);
  await network.write(1, "b.bin", bytes);
  await until(() => failing.text === undefined, "the failure");
  await network.offers("a.bin");
  await network.offers("b.bin");
  const got = await network.running.get(2)?.get("b.bin");
  assertEquals(got?.end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(2, "b.bin"), bytes);
});

Deno.test("sharing: who asked for a download that fails by itself is told", async () => {
  const sim = simWorld({ seed: 1 });
  const system = new ActorSystem("node", { world: sim.host("node").world });
  const failing: SharingNode = {
    id: 1,
    get http(): never {
      throw new Error("it fails");
    },
  };
  const swarms = system.spawn<SwarmsCommand>("swarms", () => () => {});
  const ref = system.spawn("downloads", downloads({ directory: "/data", nodes: [failing], swarms }));
  const told: DownloadNotice[] = [];
  const observer = system.spawn<DownloadNotice>("observer", () => (notice) => void told.push(notice));
  ref.tell({ type: "get", what: `magnet:?xt=urn:btih:${"ab".repeat(20)}`, observer });
  await sim.advance(1000);
  assertEquals(told.at(-1), { type: "download-failed", reason: "Cannot fetch it: it fails" });
  sim.close();
});

/** The torrents of a node that has no peers, in a simulated world. */
function alone(sim: SimWorld, bytes: Uint8Array<ArrayBuffer>) {
  const host = sim.host("node");
  host.disk.makeDirectory("/data");
  const { world } = host;
  const system = new ActorSystem("node", { world });
  const session = () => ({ peerId: new Uint8Array(20), listenPort: 6881, client: "test" });
  const ref = system.spawn("swarms", swarms({ directory: "/data", session }));
  const { info, infoHash } = torrentOf(world.hash, "a.bin", bytes);
  const told: string[] = [];
  const fetch = (name: string) => {
    const observer = system.spawn<TorrentNotice>(name, () => (notice) => {
      told.push(`${name}: ${notice.type} ${notice.type === "torrent-failed" ? notice.reason : ""}`.trim());
    });
    ref.tell({ type: "fetch", order: { info, infoHash, trackers: [], peers: [] }, observer });
    return observer;
  };
  /** The same bytes are here under another name. */
  const share = async () => {
    host.disk.write("/data/by hand.bin", bytes);
    const hashing = hashFile(world, "/data/by hand.bin", new AbortController().signal);
    const file = { name: "by hand.bin", ...await sim.settle(hashing) };
    return () => ref.tell({ type: "share", files: [file] });
  };
  return { host, ref, infoHash, told, fetch, share };
}

Deno.test("sharing: what comes under another name while parts are looked at is copied", async () => {
  const sim = simWorld({ seed: 1 });
  const { host, told, fetch, share } = alone(sim, someBytes(100_000));
  const come = await share();
  host.disk.slowness = 1000;
  fetch("first");
  await sim.until(() => host.disk.underWay.length > 0, 1000, "the look");
  come();
  await sim.until(() => told.includes("first: torrent-complete"), 60_000, "all to be copied");
  sim.close();
});

Deno.test("sharing: parts that are written anew when their fetch is given up are not trusted by the next", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const sim = simWorld({ seed });
    const bytes = someBytes(1_000_000);
    const { host, ref, infoHash, told, fetch, share } = alone(sim, bytes);
    (await share())();
    await sim.advance(10);
    host.disk.failNext("sync", "other", { path: /\.parts\/.*a\.bin$/, dropsPages: true });
    const first = fetch("first");
    const hasFailed = () => sim.tally.get("fault: sync fails, pages dropped") > 0;
    await sim.until(hasFailed, 10_000, "a sync to fail");
    ref.tell({ type: "abandon", infoHash, observer: first });
    fetch("second");
    await sim.until(() => told.includes("second: torrent-complete"), 60_000, "the second to end");
    host.crash();
    assertEquals(isSameContent(host.disk.read("/data/a.bin"), bytes), true, `seed ${seed}`);
    sim.close();
  }
});

Deno.test("sharing: what is fetched again right after it was given up waits until its files are let go of", async () => {
  const sim = simWorld({ seed: 1 });
  const { host, ref, infoHash, told, fetch } = alone(sim, someBytes(100_000));
  const first = fetch("first");
  await sim.until(() => told.length > 0, 1000, "the first to be looked for");
  ref.tell({ type: "abandon", infoHash, observer: first });
  const second = fetch("second");
  // What it follows while it waits is not forgotten.
  const { info: { bytes: infoBytes }, infoHash: other } = torrentOf(
    host.world.hash,
    "b.bin",
    someBytes(100_000),
  );
  ref.tell({ type: "follow", infoHash, to: { type: "announce-as", infoHash: other, infoBytes } });
  fetch("third");
  await sim.until(() => told.length > 2, 1000, "the second to be looked for");
  const find = (replyTo: Ref<SwarmEntry | undefined>) =>
    ({ type: "find-swarm", infoHash: hexText(other), replyTo }) as const;
  assertEquals((await sim.settle(ref.ask(find, { timeoutMs: 1000 })))?.infoBytes, infoBytes);
  ref.tell({ type: "abandon", infoHash, observer: second });
  const fourth = fetch("fourth");
  ref.tell({ type: "abandon", infoHash, observer: fourth });
  await sim.advance(1000);
  assertEquals(told, [
    "first: torrent-ready",
    "third: torrent-failed Cannot fetch a.bin: it is being fetched",
    "second: torrent-ready",
  ]);
  sim.close();
});
