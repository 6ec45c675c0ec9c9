/**
 * A file that is replaced whole, again and again, for the store's campaign.
 *
 * @module
 */
import { assert } from "@std/assert";
import { writeAtomic } from "../../actors/store/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { delay } from "./_harness.ts";

const SETTINGS = "/data/settings";

/** A small file that is replaced again and again. */
export class Settings {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  #tried = 0;
  #durable = 0;

  constructor(sim: SimWorld, host: SimHost) {
    this.#sim = sim;
    this.#host = host;
  }

  async live(world: World): Promise<void> {
    for (;;) {
      const version = ++this.#tried;
      await writeAtomic(world.disk, SETTINGS, new TextEncoder().encode(contentOf(version)));
      this.#durable = version;
      this.#sim.sometimes("a file was replaced");
      await delay(world, world.random.next() * 10);
    }
  }

  /** Some version is there, whole, and none before the one that was told to be durable. */
  check(): void {
    const text = this.#host.disk.readText(SETTINGS);
    const version = Number(/^version (\d+) /.exec(text ?? "")?.[1] ?? 0);
    assert(text === undefined || text === contentOf(version), `version ${version} is not whole`);
    assert(version >= this.#durable, `version ${this.#durable} was durable, and ${version} is there`);
    assert(version <= this.#tried, `version ${version} was never written`);
  }
}

function contentOf(version: number): string {
  return `version ${version} ${"z".repeat((version * 397) % 5000)}.\n`;
}
