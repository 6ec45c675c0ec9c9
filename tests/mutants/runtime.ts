import type { Mutant } from "./mutant.ts";

/** Mutants of runtime. */
export const runtime: readonly Mutant[] = [
  {
    what: "old restarts count",
    file: "actors/runtime/supervision.ts",
    from: "now - time < budget.withinMs",
    to: "now - time < 2 * budget.withinMs",
  },
  {
    what: "one restart too many is allowed",
    file: "actors/runtime/supervision.ts",
    from: "recent.length >= budget.limit",
    to: "recent.length > budget.limit",
  },
  {
    what: "what is put in front overwrites",
    file: "actors/runtime/ring.ts",
    from: "this.#head = (this.#head - 1) & COUNTS;",
    to: ";",
  },
  {
    what: "a ring that grows loses its order",
    file: "actors/runtime/ring.ts",
    from: "grown[i] = old[(this.#head + i) & (old.length - 1)]",
    to: "grown[i] = old[i]",
  },
  {
    what: "one key has two owners",
    file: "actors/runtime/registry.ts",
    from: "if (other !== undefined && other !== ref) {",
    to: "if (false) {",
  },
  {
    what: "observers are told what they know",
    file: "actors/runtime/registry.ts",
    from: "if (told !== undefined && told.ref === ref) return;",
    to: ";",
  },
  {
    what: "a stopping parent restarts its children",
    file: "actors/runtime/children.ts",
    from: "if (this.#stopping !== undefined || child.isBetweenLives) return false;",
    to: ";",
  },
  {
    what: "a name of a child is never free again",
    file: "actors/runtime/children.ts",
    from: "this.#byName.delete(child.name);",
    to: ";",
  },
  {
    what: "a child that ends at once is started for ever",
    file: "actors/runtime/children.ts",
    from: "record.inARow = isSoon ? record.inARow + 1 : 0;",
    to: "record.inARow = 0;",
  },
  {
    what: "a message that fails is put back from the stash",
    file: "actors/runtime/stash.ts",
    from: "if (Object.is(put, message) && source instanceof PutAside) source.isCancelled = true;",
    to: ";",
  },
  {
    what: "a slice is as long as the wall clock's ticks have it",
    file: "actors/runtime/scheduler.ts",
    from: "mayBeOver || this.#clock.now() !== this.#wallAt",
    to: "this.#clock.now() !== this.#wallAt",
  },
  {
    what: "late results of an earlier life are handled",
    file: "actors/runtime/inbox.ts",
    from:
      'if (life !== undefined && life !== this.lifeNumber) return this.deadLetterOf(envelope, "restarted");',
    to: "",
  },
  {
    what: "a handler of an earlier life goes on in the next",
    file: "actors/runtime/actor_ref.ts",
    from: "        if (life !== cell.lifeNumber) return;\n",
    to: "",
  },
  {
    what: "a supervision of an earlier life holds",
    file: "actors/runtime/children.ts",
    from:
      '    this.#strategy = "one-for-one";\n    this.#stopsTogether = false;\n    this.#budget = undefined;\n',
    to: "",
  },
  {
    what: "restarts of an earlier life of the parent count",
    file: "actors/runtime/children.ts",
    from: "    this.#restartTimes = [];\n  }\n\n  /** The parent is given up",
    to: "  }\n\n  /** The parent is given up",
  },
  {
    what: "a late start of an earlier life counts",
    file: "actors/runtime/living.ts",
    from: "    if (life !== this.lifeNumber) return;\n    this.isBusy = false;",
    to: "    this.isBusy = false;",
  },
];
