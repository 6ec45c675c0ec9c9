/**
 * Somebody at the folder of a node, who renames, links, writes over, replaces and deletes what is in it.
 *
 * @module
 */
import type { SimDisk, SimWorld } from "../../actors/world/sim/mod.ts";
import type { FolderHistory } from "./_folder_history.ts";
import { DIRECTORY } from "./_scripted_swarm.ts";

/** The names that files have. */
export const NAMES: readonly string[] = ["a.bin", "b.bin", "c.bin", "d.bin"];

/** One of the people. */
export class Person {
  readonly name: string;
  readonly #sim: SimWorld;
  readonly #disk: SimDisk;
  readonly #history: FolderHistory;

  constructor(sim: SimWorld, name: string, history: FolderHistory) {
    this.name = name;
    this.#sim = sim;
    this.#disk = sim.host(name).disk;
    this.#history = history;
  }

  /** Has two files. */
  begin(): void {
    for (const name of NAMES.slice(0, 2)) this.#write(name);
  }

  /** Gives a file of its folder another name, if it has it, and nothing by that. */
  rename(name: string, another: string): void {
    const names = this.#history.names(this.name);
    if (!names.includes(name) || names.includes(another)) return;
    this.#history.look();
    this.#disk.rename(this.#path(name), this.#path(another));
    this.#history.put(this.name, another);
    this.#sim.sometimes("a file was renamed");
  }

  #write(name: string): void {
    this.#disk.write(this.#path(name), this.#history.some());
    // By all of its names.
    for (const each of this.#history.names(this.name)) this.#history.put(this.name, each);
  }

  #path(name: string): string {
    return `${DIRECTORY}/${name}`;
  }

  /** Does one thing to a file, whose new name is not one that is being fetched. */
  act(isWanted: (name: string) => boolean): void {
    const { random } = this.#sim;
    this.#history.look();
    const names = this.#history.names(this.name);
    const free = NAMES.filter((name) => !names.includes(name) && !isWanted(name));
    const [name, another] = [names.length === 0 ? undefined : random.pick(names), free[0]];
    const chance = random.next();
    if (name === undefined || (chance < 0.1 && another !== undefined)) {
      if (another !== undefined) this.#write(another);
    } else if (chance < 0.45 && another !== undefined) {
      this.rename(name, random.pick(free));
    } else if (chance < 0.6 && another !== undefined) {
      const second = random.pick(free);
      this.#disk.addName(this.#path(name), this.#path(second));
      this.#history.put(this.name, second);
      this.#sim.sometimes("a file got a second name");
    } else if (chance < 0.7) {
      this.#disk.remove(this.#path(name));
      this.#sim.sometimes("a file was deleted");
    } else if (chance < 0.85) {
      this.#write(name);
      this.#sim.sometimes("a file was written over while it was given");
    } else {
      this.#disk.remove(this.#path(name));
      this.#write(name);
    }
  }
}
