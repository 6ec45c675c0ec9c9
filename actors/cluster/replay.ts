/**
 * The state of a persistent entity, made of its journal.
 *
 * @module
 */
import type { ActorLog } from "../runtime/behavior.ts";
import { errorText } from "../world/world.ts";
import { checkState } from "./check_decision.ts";
import type { Commit, EntityId, Log, OpenJournal, Snapshot } from "./engine.ts";
import type { EntityLife } from "./entity_type.ts";
import { entityText } from "./names.ts";
import { Operations } from "./operations.ts";
import type { PersistentDefinition } from "./persistent_definition.ts";

/** What is in the journal is not what this program takes: its `evolve` or `upcast` threw. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** An entity whose journal is open. */
export interface Live<S> {
  readonly log: Log;
  readonly operations: Operations;
  state: S;
  eventsSinceSnapshot: number;
}

/**
 * Gives the entity of a journal that was opened.
 *
 * @throws `Unreadable` as {@linkcode replay} does.
 */
export function replayed<S, C, E>(
  definition: PersistentDefinition<S, C, E>,
  entity: EntityId,
  { snapshot, commits, log }: OpenJournal,
): Live<S> {
  const operations = new Operations(definition.rememberedOperations ?? 1000);
  const { state, records } = replay(definition, entity, operations, { snapshot, commits });
  return { log, operations, state, eventsSinceSnapshot: records };
}

/** Says so where a record is missing that this host knows to have been durable. */
export function noteOpened(life: EntityLife, { snapshot, commits, log }: OpenJournal, told: ActorLog): void {
  const seq = life.durableSeq;
  life.durableSeq = log.seq;
  if (seq <= (snapshot?.seq ?? 0) || commits.some((commit) => commit.seq === seq)) return;
  const why = `record ${seq} was durable, and is not there: a backup was restored, or the engine has lost it`;
  told.error(`The journal of ${entityText(life.entity)} has gone back: ${why}`, {
    event: "journal-went-back",
  });
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
function replay<S, C, E>(
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
    checkState(entity.type, state);
    return { state, records };
  } catch (cause) {
    throw new Unreadable(`Cannot replay ${entityText(entity)}: ${errorText(cause)}`, { cause });
  }
}

/** What a snapshot of a persistent entity holds. Throws `TypeError` when it is none. */
function keptState(stored: unknown): KeptState {
  if (!isKeptState(stored)) throw new TypeError("its snapshot has no operations");
  return stored;
}

/** A snapshot of a persistent entity. In the text a state that is undefined is no field. */
interface KeptState {
  readonly state?: unknown;
  readonly operations: readonly (readonly [string, readonly [] | readonly [unknown]])[];
}

function isKeptState(value: unknown): value is KeptState {
  return typeof value === "object" && value !== null && "operations" in value &&
    Array.isArray(value.operations) &&
    value.operations.every((item) =>
      Array.isArray(item) && typeof item[0] === "string" && Array.isArray(item[1])
    );
}
