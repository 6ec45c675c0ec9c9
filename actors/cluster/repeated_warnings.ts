/**
 * Warnings that many entities have at once, for one and the same cause.
 *
 * @module
 */
import { WriteRefused } from "./errors.ts";
import type { ActorLog } from "../runtime/behavior.ts";
import { type Clock, errorText } from "../world/world.ts";

/** The same is said again after so long. */
const SILENT_MS = 10_000;
/** Causes that are remembered. */
const MAX_CAUSES = 100;

interface Said {
  readonly atMs: number;
  /** How often it was not said since. */
  unsaid: number;
}

/** Says what an engine refuses, once for all entities of a host. */
export class RepeatedWarnings {
  readonly #log: ActorLog;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #said = new Map<string, Said>();

  constructor(log: ActorLog, clock: Pick<Clock, "monotonic">) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Warns that something cannot be done, and why; not if that was said a moment ago of another entity. */
  warn(what: string, event: string, error: unknown): void {
    const nowMs = this.#clock.monotonic();
    const key = `${what}: ${errorText(rootOf(error))}`;
    const said = this.#said.get(key);
    if (said !== undefined && nowMs - said.atMs < SILENT_MS) {
      said.unsaid++;
      return;
    }
    if (this.#said.size >= MAX_CAUSES) this.#said.clear();
    this.#said.set(key, { atMs: nowMs, unsaid: 0 });
    const more = said === undefined || said.unsaid === 0 ? "" : ` (and ${said.unsaid} times more before)`;
    this.#log.warn(`${what}: ${withCause(error)}${more}`, { event, error });
  }
}

/** An error in words, with what the engine said: that a stream is missing, say. */
export function withCause(error: unknown): string {
  const root = rootOf(error);
  return root === error ? errorText(error) : `${errorText(error)}: ${errorText(root)}`;
}

/** Whether the engine takes no writes. */
export function isRefusal(error: unknown): boolean {
  return rootOf(error) instanceof WriteRefused;
}

/** The cause of the causes. */
function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < 10 && root instanceof Error && root.cause !== undefined; depth++) {
    root = root.cause;
  }
  return root;
}
