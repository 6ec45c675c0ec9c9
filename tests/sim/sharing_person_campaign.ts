/**
 * The sharing while people rename, link, replace and delete the files that are shared and fetched, and nodes
 * die: what was asked for comes byte for byte, whatever it is called by then, and what is offered is there.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { CatalogFile, DownloadNotice } from "../../actors/sharing/mod.ts";
import { networkFiles } from "../../actors/sharing/sources.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import { torrentOf } from "../sharing/_torrent.ts";
import { ANY_DISK_OPERATION, type Campaign, lasting, playsAll } from "./_harness.ts";
import { FolderHistory } from "./_folder_history.ts";
import { NAMES, Person } from "./_sharing_person.ts";
import { movedForGood } from "./_sharing_moves.ts";
import { letsIn } from "./_sharing_probe.ts";
import { DIRECTORY, HTTP_PORT, startNode } from "./_scripted_swarm.ts";

/** The first leads and holds nothing; the last keeps, in the end, what nobody else has. */
const LEADER = "n1";
const PEOPLE = ["n2", "n3", "n4"];
const KEEPER = "n5";
const HOSTNAMES = [LEADER, ...PEOPLE, KEEPER];
/** Slowly enough that much happens meanwhile. */
const UPLOAD_BYTES_PER_SECOND = 30_000;
/** In some runs little happens, and more of them run. */
const TROUBLES_MS = [5000, 15_000, 15_000, 30_000];
/** In calm, all that is asked for is there by then, or is said not to come. */
const END_MS = 240_000;
/** A folder is looked at each 5 s, and the leader asks each node as often. */
const LISTED_MS = 30_000;

/** The sharing as it is. */
export const sharingAmongPeople: Campaign = {
  name: "sharing while people change the files",
  sometimes: [
    ...["a download followed its bytes to another name", "a node died right after that"],
    ...["a download fetched what its name stands for by then", "a download was told to fail"],
    ...["a magnet link was fetched", "a name was fetched", "a file was written over while it was given"],
    ...["a file was renamed", "a file got a second name", "a file was deleted"],
    ...["fault: killed", "fault: power cut"],
    "what has lost its name for good was fetched by another",
  ],
  run,
};

/** Something that somebody has asked for, and that has not ended. */
interface Want {
  readonly host: string;
  readonly name: string;
  /** What it is to be; undefined where it is asked for by its name. */
  readonly content: Uint8Array<ArrayBuffer> | undefined;
  readonly askedMs: number;
}

async function run(sim: SimWorld): Promise<void> {
  const network = new Network(sim);
  const plan = { resetsPerMinute: 20, conditionsPerMinute: 5, partitionsPerMinute: 5 };
  const trouble = [
    sim.chaos({ hosts: HOSTNAMES, ...plan }),
    sim.chaos({
      hosts: PEOPLE,
      diskErrorsPerMinute: 10,
      diskErrorOperations: ANY_DISK_OPERATION,
      slowDisksPerMinute: 10,
      lostWatchEvents: 0.3,
    }),
  ];
  const troubleMs = lasting(sim, sim.random.pick(TROUBLES_MS));
  while (sim.now < troubleMs) await network.step();
  for (const each of trouble) each.stop();
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  await network.calm();
}

class Network {
  readonly #sim: SimWorld;
  readonly #history: FolderHistory;
  readonly #people: readonly Person[];
  readonly #wants = new Map<string, Want>();
  /** How somebody is told what to fetch, as long as its node is up. */
  readonly #get = new Map<string, (what: string, told: (notice: DownloadNotice) => void) => void>();
  /** Who dies when. */
  #doomed: { readonly host: string; readonly atMs: number }[] = [];

  constructor(sim: SimWorld) {
    this.#sim = sim;
    this.#history = new FolderHistory(sim, [...PEOPLE, KEEPER]);
    this.#people = PEOPLE.map((name) => new Person(sim, name, this.#history));
    this.#people[0]?.begin();
    for (const [index, name] of HOSTNAMES.entries()) {
      const host = sim.host(name);
      host.disk.makeDirectory(DIRECTORY);
      host.start((world) => {
        const { system, ref } = startNode(world, {
          id: index + 1,
          hostnames: HOSTNAMES,
          maxUpload: UPLOAD_BYTES_PER_SECOND,
        });
        let count = 0;
        this.#get.set(name, (what, told) => {
          const observer = system.spawn(`want-${count++}`, () => told);
          ref.tell({ type: "get", what, observer });
        });
        return system;
      });
    }
  }

  async step(): Promise<void> {
    const { random } = this.#sim;
    await this.#sim.advance(random.between(10, 250));
    this.#history.look();
    const due = this.#doomed.filter(({ atMs }) => atMs <= this.#sim.now);
    this.#doomed = this.#doomed.filter((each) => !due.includes(each));
    for (const { host } of due) this.#die(host);
    if (random.chance(0.02)) this.#die(random.pick(PEOPLE));
    for (const name of PEOPLE) {
      const host = this.#sim.host(name);
      if (!host.isUp && random.chance(0.3)) host.restart();
    }
    if (random.chance(0.12)) {
      const person = random.pick(this.#people);
      person.act((name) => this.#isWanted(person.name, name));
    }
    if (random.chance(0.04)) this.#renameEverywhere();
    if (random.chance(0.2)) this.#ask(random.pick(PEOPLE), random.pick(NAMES), random.chance(0.3));
  }

  /** What somebody fetches by its name has another one at once, wherever it is. */
  #renameEverywhere(): void {
    const { random } = this.#sim;
    const wanted = [...this.#wants.values()].filter(({ content }) => content === undefined);
    if (wanted.length === 0) return;
    const { name } = random.pick(wanted);
    const another = random.pick(NAMES);
    for (const person of this.#people) {
      if (!this.#isWanted(person.name, another)) person.rename(name, another);
    }
  }

  #isWanted(host: string, name: string): boolean {
    return this.#wants.has(`${host}/${name}`);
  }

  /** All that its node was asked for is forgotten with it; the parts are not. */
  #die(name: string): void {
    const host = this.#sim.host(name);
    if (!host.isUp) return;
    if (this.#sim.random.chance(0.7)) host.kill();
    else host.crash();
    this.#get.delete(name);
    for (const [key, want] of this.#wants) if (want.host === name) this.#wants.delete(key);
  }

  #ask(host: string, name: string, byMagnet: boolean): void {
    const key = `${host}/${name}`;
    const get = this.#get.get(host);
    if (get === undefined || this.#wants.has(key) || this.#history.read(host, name) !== undefined) return;
    const content = byMagnet ? this.#history.somebodyHas(name) : undefined;
    // One content of a name is all that is kept in the end.
    const isOther = [...this.#wants.values()].some((want) =>
      want.name === name && want.content !== undefined && want.content !== content
    );
    if (byMagnet && (content === undefined || isOther)) return;
    const want: Want = { host, name, content, askedMs: this.#sim.now };
    this.#wants.set(key, want);
    get(
      content === undefined ? name : this.#magnet(name, content),
      (notice) => this.#told(key, want, notice),
    );
  }

  #magnet(name: string, content: Uint8Array<ArrayBuffer>): string {
    const { infoHash } = torrentOf(this.#sim.host("maker").world.hash, name, content);
    return formatMagnet({ infoHash, trackers: [], peers: [] });
  }

  #told(key: string, want: Want, notice: DownloadNotice): void {
    const { random } = this.#sim;
    if (notice.type === "download-note") {
      const isFollowing = / is called .* now/.test(notice.text);
      this.#sim.sometimes("a download followed its bytes to another name", isFollowing);
      this.#sim.sometimes(
        "a download fetched what its name stands for by then",
        notice.text.includes("fetching what it is now"),
      );
      if (isFollowing && random.chance(0.6)) {
        this.#sim.sometimes("a node died right after that");
        this.#doomed.push({ host: want.host, atMs: this.#sim.now + random.between(0, 500) });
      }
      return;
    }
    if (notice.type === "download-progress" || this.#wants.get(key) !== want) return;
    this.#wants.delete(key);
    if (notice.type === "download-failed") {
      // What it has fetched itself is no reason.
      const isTaken = notice.reason.includes("a file of that name is there");
      const wasPut = this.#history.wasPut(want.host, want.name, want.askedMs);
      assert(!isTaken || wasPut, `${key}: ${notice.reason}, and nobody has put it there`);
      return this.#sim.sometimes("a download was told to fail");
    }
    assertEquals(notice.name, want.name);
    this.#history.checkFetched(want);
    this.#sim.sometimes(want.content === undefined ? "a name was fetched" : "a magnet link was fetched");
  }

  /** Everybody is there, and so are all files that are still wanted: every download ends. */
  async calm(): Promise<void> {
    for (const name of PEOPLE) if (!this.#sim.host(name).isUp) this.#sim.host(name).restart();
    this.#keep();
    await this.#ended();
    await this.#fetchAll();
    await this.#checkOffers();
    if (playsAll(this.#sim)) await this.#changeAndMove();
    this.#history.look();
  }

  async #changeAndMove(): Promise<void> {
    // By now everybody has every name: what goes from here on is offered no longer.
    for (let change = 0; change < 2 * PEOPLE.length; change++) {
      this.#people[change % PEOPLE.length]?.act(() => false);
    }
    await this.#checkOffers();
    await this.#move();
  }

  /** Nothing is anywhere but what one has, and that gets another name while the others fetch it. */
  async #move(): Promise<void> {
    for (const host of [...PEOPLE, KEEPER]) {
      for (const name of this.#history.names(host)) this.#sim.host(host).disk.remove(`${DIRECTORY}/${name}`);
    }
    await this.#checkOffers();
    await movedForGood({
      sim: this.#sim,
      history: this.#history,
      leader: LEADER,
      keeper: KEEPER,
      takers: this.#sim.random.shuffle(PEOPLE.slice()).slice(0, 2),
      get: (host, what, told) => this.#get.get(host)?.(what, told),
      offered: () => this.#checkOffers(),
    });
    await this.#checkOffers();
  }

  /** The keeper has what somebody wants and nobody has. */
  #keep(): void {
    const { disk } = this.#sim.host(KEEPER);
    this.#history.look();
    for (const name of NAMES) {
      const wanted = [...this.#wants.values()].find((want) => want.name === name && want.content)?.content;
      if (wanted === undefined && this.#history.somebodyHas(name) !== undefined) continue;
      disk.write(`${DIRECTORY}/${name}`, wanted ?? this.#history.some());
      this.#history.put(KEEPER, name);
    }
  }

  async #ended(): Promise<void> {
    const open = () => [...this.#wants.keys()].join(" ");
    for (let waitedMs = 0; this.#wants.size > 0; waitedMs += 250) {
      assert(waitedMs < END_MS, `${open()} neither came nor failed in ${END_MS} ms of calm`);
      await this.#sim.advance(250);
      this.#history.look();
    }
  }

  /** What is not there yet comes now: of names for the same bytes one at a time, the others are refused. */
  async #fetchAll(): Promise<void> {
    const files = PEOPLE.flatMap((host) => NAMES.map((name) => ({ host, name })));
    const missing = () => files.filter(({ host, name }) => this.#history.read(host, name) === undefined);
    for (let tries = 0; tries < NAMES.length && missing().length > 0; tries++) {
      for (const { host, name } of missing()) this.#ask(host, name, false);
      await this.#ended();
    }
    const left = missing().map(({ host, name }) => `${host}/${name}`);
    assertEquals(left, [], "what is there does not come");
  }

  /** What is offered is what is there. */
  async #checkOffers(): Promise<void> {
    const nodes = HOSTNAMES.map((hostname, index) => ({
      id: index + 1,
      http: { hostname, port: HTTP_PORT },
    }));
    const { world } = this.#sim.host("probe");
    const { signal } = new AbortController();
    const there = this.#history.rows().sort();
    let offered: string[] = [];
    for (let waitedMs = 0; waitedMs < LISTED_MS && offered.join() !== there.join(); waitedMs += 1000) {
      await this.#sim.advance(1000);
      const files = await this.#sim.settle(networkFiles({ world, nodes, signal }));
      offered = files.flatMap(rowsOf).sort();
    }
    assertEquals(offered, there, "what is offered is not what is there");
    await this.#checkGivers();
  }

  /** By each name that the network has for some bytes, who has them lets peers in, and nobody else does. */
  async #checkGivers(): Promise<void> {
    const { world } = this.#sim.host("probe");
    const torrents = this.#history.torrents().map(({ name, content, holders }) => ({
      ...{ name, holders, infoHash: torrentOf(world.hash, name, content).infoHash },
    }));
    const wrongAt = async (host: string): Promise<string[]> => {
      const wrong: string[] = [];
      for (const { name, holders, infoHash } of torrents) {
        const isIn = await letsIn(world, host, infoHash);
        if (isIn !== holders.has(host)) wrong.push(`${host} ${isIn ? "gives" : "does not give"} ${name}`);
      }
      return wrong;
    };
    for (const endMs = this.#sim.now + LISTED_MS;; await this.#sim.advance(1000)) {
      const wrong = (await this.#sim.settle(Promise.all(HOSTNAMES.map(wrongAt)), LISTED_MS)).flat();
      if (wrong.length === 0) return;
      assert(this.#sim.now < endMs, wrong.join(", "));
    }
  }
}

/** One row for each node that is said to have a content, and for each name of that. */
function rowsOf({ name, sha256, holders }: CatalogFile): string[] {
  return holders.map((id) => `n${id} ${name} ${sha256}`);
}
