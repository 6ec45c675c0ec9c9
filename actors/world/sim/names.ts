/**
 * Names of simulated hosts, and how they are found.
 *
 * @module
 */
import { isV6 } from "./ports.ts";
import type { Stack } from "./stack.ts";
import type { Tally } from "./tally.ts";

/** Who has which name. */
export class Names {
  /** How long a look-up takes, in milliseconds. */
  latencyMs = 0;
  readonly #stacks = new Map<string, Stack>();
  /** Names that lead elsewhere than to the host of that name. */
  readonly #others = new Map<string, readonly string[]>();
  /** How often each name is not found now; "" for all of them. */
  readonly #failing = new Map<string, number>();
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  add(stack: Stack): void {
    this.#stacks.set(stack.name, stack);
  }

  get stacks(): Stack[] {
    return [...this.#stacks.values()];
  }

  /** Has a name lead to these addresses from now on; undefined: to its host again. */
  set(name: string, addresses: readonly string[] | undefined): void {
    if (addresses === undefined) this.#others.delete(name);
    else this.#others.set(name, addresses);
  }

  /** Look-ups of the name, or of all, fail until the returned function is called. */
  fail(name = ""): () => void {
    this.#failing.set(name, (this.#failing.get(name) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#failing.get(name) ?? 0) - 1;
      if (left > 0) this.#failing.set(name, left);
      else this.#failing.delete(name);
    };
  }

  /** Every address that a name has, seen from `from`; none where it is not found. */
  find(from: Stack, name: string): string[] {
    if (name === "localhost") return ["::1", "127.0.0.1"];
    if (this.#failing.has("") || this.#failing.has(name)) {
      this.#tally.count("fault: name not found");
      return [];
    }
    const others = this.#others.get(name);
    if (others !== undefined) {
      this.#tally.count("fault: name leads elsewhere");
      return [...others];
    }
    const stack = name === from.name ? from : this.#stacks.get(name);
    return stack === undefined ? [] : [...stack.addresses].sort((left) => isV6(left) ? -1 : 1);
  }
}
