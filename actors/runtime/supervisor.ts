/**
 * A supervisor: an actor that does nothing but keep its children running.
 *
 * @module
 */
import type { Behavior, SpawnOptions, SuperviseOptions } from "./behavior.ts";
import { checkOptions } from "./options.ts";
import type { GroupStrategy } from "./supervision.ts";

/** What a supervisor starts: made by {@linkcode childSpec}. */
export interface ChildSpec {
  /** Its name under the supervisor. */
  readonly name: string;
  /** Its options. */
  readonly options: SpawnOptions | undefined;
  /** Starts the child under a parent. */
  readonly start: (
    spawn: <C>(name: string, behavior: Behavior<C>, options?: SpawnOptions) => unknown,
  ) => void;
}

/** Describes a child of a {@linkcode supervisor}. */
export function childSpec<C>(name: string, behavior: Behavior<C>, options?: SpawnOptions): ChildSpec {
  return { name, options, start: (spawn) => void spawn(name, behavior, options) };
}

/**
 * A behaviour that starts its children in order and restarts them by `strategy`.
 *
 * The specs are checked before anything starts: throws `TypeError` on a name that is used twice or is none,
 * `RangeError` on an option out of range.
 *
 * @example
 * ```ts
 * import { ActorSystem, childSpec, supervisor } from "@troupe/actors";
 *
 * await using system = new ActorSystem("demo");
 * system.spawn("pair", supervisor("one-for-all", [
 *   childSpec("first", () => () => {}),
 *   childSpec("second", () => () => {}),
 * ]));
 * ```
 */
export function supervisor(
  strategy: GroupStrategy,
  specs: readonly ChildSpec[],
  options?: SuperviseOptions,
): Behavior<never> {
  const names = new Set<string>();
  for (const spec of specs) {
    checkOptions(spec.name, spec.options);
    if (names.has(spec.name)) throw new TypeError(`Cannot supervise two children of the name "${spec.name}"`);
    names.add(spec.name);
  }
  return (self) => {
    self.supervise(strategy, options);
    for (const spec of specs) {
      spec.start((name, behavior, childOptions) => self.spawn(name, behavior, childOptions));
    }
    return () => {};
  };
}
