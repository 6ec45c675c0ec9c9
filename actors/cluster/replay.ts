/**
 * The state of a persistent entity, made of its journal.
 *
 * @module
 */
import { errorText } from "../world/world.ts";
import type { Commit, EntityId, Snapshot } from "./engine.ts";
import { entityText } from "./names.ts";
import type { Operations } from "./operations.ts";
import type { PersistentDefinition } from "./persistent_definition.ts";

/** What is in the journal is not what this program takes: its `evolve` or `upcast` threw. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** What the journal holds. */
interface Kept {
  readonly snapshot: Snapshot | undefined;
  readonly commits: readonly Commit[];
}

/**
 * Gives the state, and how many records are behind the snapshot: a fence is one, too, one for each time that
 * the entity came to life. Adds the operations that were carried out.
 *
 * @throws `Unreadable` when this program cannot make a state of it.
 */
export function replay<S, C, E>(
  { initial, evolve, upcast, upcastState }: PersistentDefinition<S, C, E>,
  entity: EntityId,
  operations: Operations,
  { snapshot, commits }: Kept,
): { readonly state: S; readonly records: number } {
  try {
    let state: S;
    let records = 0;
    if (snapshot === undefined) state = initial(entity.id);
    else {
      const kept = keptState(snapshot.state);
      // Without an upcast, what was kept is what this program keeps.
      state = upcastState === undefined ? kept.state as S : upcastState(kept.state);
      for (const [operationId, reply] of kept.operations) operations.add(operationId, reply);
    }
    for (const { entries } of commits) {
      records++;
      for (const entry of entries) {
        for (const stored of entry.events) {
          state = evolve(state, upcast === undefined ? stored as E : upcast(stored));
          records++;
        }
        if (entry.operationId !== undefined) {
          operations.add(entry.operationId, "reply" in entry ? [entry.reply] : []);
        }
      }
    }
    return { state, records };
  } catch (cause) {
    throw new Unreadable(`Cannot replay ${entityText(entity)}: ${errorText(cause)}`, { cause });
  }
}

/** What a snapshot of a persistent entity holds. Throws `TypeError` when it is none. */
function keptState(stored: unknown): KeptState {
  if (!isKeptState(stored)) throw new TypeError("its snapshot has no state and operations");
  return stored;
}

/** A snapshot of a persistent entity. */
interface KeptState {
  readonly state: unknown;
  readonly operations: readonly (readonly [string, readonly [] | readonly [unknown]])[];
}

function isKeptState(value: unknown): value is KeptState {
  return typeof value === "object" && value !== null && "state" in value && "operations" in value &&
    Array.isArray(value.operations) &&
    value.operations.every((item) =>
      Array.isArray(item) && typeof item[0] === "string" && Array.isArray(item[1])
    );
}
