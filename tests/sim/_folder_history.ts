/**
 * What has stood in the folders of nodes under which names, and when: what is fetched is one of it.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { hexText } from "../../protocols/tracker.ts";
import { someBytes } from "../sharing/_network.ts";
import { isSameContent } from "../sharing/_torrent.ts";
import { DIRECTORY } from "./_scripted_swarm.ts";

/** A list may be so old: folders are looked at each 5 s, lists are asked for as often. */
const STALE_MS = 20_000;

interface Seen {
  readonly content: Uint8Array<ArrayBuffer>;
  lastMs: number;
}

/** A content under one of its names. */
export interface NamedContent {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  /** The hosts that have it, under whichever name. */
  readonly holders: ReadonlySet<string>;
}

/** Remembers what was in the folders. */
export class FolderHistory {
  readonly #sim: SimWorld;
  readonly #hosts: readonly string[];
  /** Some contents that people have: two are of one length. */
  readonly #contents: readonly Uint8Array<ArrayBuffer>[];
  readonly #seen = new Map<string, Seen[]>();
  /** When somebody has last put something there, by host and name. */
  readonly #putAtMs = new Map<string, number>();

  constructor(sim: SimWorld, hosts: readonly string[]) {
    this.#sim = sim;
    this.#hosts = hosts;
    const [one, other] = [sim.random.integer(60_000, 200_000), sim.random.integer(0, 90_000)];
    this.#contents = [one, one, other, sim.random.integer(20_000, 120_000)]
      .map((length, index) => someBytes(length, sim.seed * 10 + index));
  }

  /** One of the contents that people have. */
  some(): Uint8Array<ArrayBuffer> {
    return this.#sim.random.pick(this.#contents);
  }

  read(host: string, name: string): Uint8Array | undefined {
    return this.#sim.host(host).disk.read(`${DIRECTORY}/${name}`);
  }

  /** The names in a folder. */
  names(host: string): readonly string[] {
    return this.#sim.host(host).disk.names(DIRECTORY).filter((name) => name !== ".parts");
  }

  /** A content that somebody has under a name now. */
  somebodyHas(name: string): Uint8Array<ArrayBuffer> | undefined {
    const found = this.#hosts.flatMap((host) => this.read(host, name) ?? []);
    const now =
      this.#seen.get(name)?.filter(({ content }) => found.some((each) => isSameContent(each, content))) ?? [];
    return now.length === 0 ? undefined : this.#sim.random.pick(now).content;
  }

  /** Somebody has put there what stands under a name now. */
  put(host: string, name: string): void {
    this.#putAtMs.set(`${host}/${name}`, this.#sim.now);
    const content = new Uint8Array(this.read(host, name) ?? []);
    const seen = this.#seen.get(name) ?? [];
    this.#seen.set(name, seen);
    const known = seen.find((each) => isSameContent(content, each.content));
    if (known === undefined) seen.push({ content, lastMs: this.#sim.now });
    else known.lastMs = this.#sim.now;
  }

  /** Notes what is there: nothing stands anywhere that nobody has put under that name. */
  look(): void {
    for (const host of this.#hosts) {
      for (const name of this.names(host)) {
        const found = this.read(host, name);
        const known = this.#seen.get(name)?.find(({ content }) => isSameContent(found, content));
        assert(known !== undefined, `nobody has put what stands under ${name} at ${host}`);
        known.lastMs = this.#sim.now;
      }
    }
  }

  /** Whether somebody has put something there since. */
  wasPut(host: string, name: string, sinceMs: number): boolean {
    return (this.#putAtMs.get(`${host}/${name}`) ?? -Infinity) >= sinceMs;
  }

  /** What was fetched is what its link is of, or what its name has stood for since it was asked for. */
  checkFetched({ host, name, content, askedMs }: {
    readonly host: string;
    readonly name: string;
    readonly content: Uint8Array | undefined;
    readonly askedMs: number;
  }): void {
    const found = this.read(host, name);
    assert(found !== undefined, `${host} is told that it has ${name}, and has not`);
    const may = content === undefined
      ? this.#seen.get(name)?.filter(({ lastMs }) => lastMs >= askedMs - STALE_MS).map((seen) => seen.content)
      : [content];
    assert(may?.some((each) => isSameContent(found, each)), `${name} at ${host} is not what was asked for`);
  }

  /** Each name of a content, at each host that has the content, by whichever name. */
  rows(): string[] {
    return this.torrents().flatMap(({ name, sha256, holders }) =>
      [...holders].map((host) => `${host} ${name} ${sha256}`)
    );
  }

  /** Each name of a content, which makes a torrent of its own, and who has the content. */
  torrents(): NamedContent[] {
    const { hash } = this.#sim.host("probe").world;
    const holders = new Map<string, Set<string>>();
    const named = new Map<string, NamedContent>();
    for (const host of this.#hosts) {
      for (const name of this.names(host)) {
        const content = new Uint8Array(this.read(host, name) ?? []);
        const sha256 = hexText(hash.digest("SHA-256", content));
        const have = holders.get(sha256) ?? new Set();
        holders.set(sha256, have.add(host));
        named.set(`${name} ${sha256}`, { name, content, sha256, holders: have });
      }
    }
    return [...named.values()];
  }
}
