/**
 * A replica on Yjs 13.6.
 *
 * @module
 */
import * as Y from "yjs";
import { YProtocolError } from "../../protocols/y_sync.ts";
import {
  encodeYInsertion,
  encodeYTextUpdate,
  readYTextUpdate,
  type YId,
  type YTextUpdate,
} from "../../protocols/y_text_update.ts";
import type { Replica, ReplicaOptions, UpdateVerdict } from "./replica.ts";
import type { TextEdit } from "./text_diff.ts";
import { joinDeletions, UpdateBatch } from "./update_batch.ts";

/** An empty copy. */
export function yjsReplica(options: ReplicaOptions): Replica {
  return new YjsReplica(options);
}

class YjsReplica implements Replica {
  readonly #doc = new Y.Doc();
  readonly #text: Y.Text;
  readonly #textName: string;
  /** What changed since a transaction began. */
  #updates: Uint8Array[] = [];
  /** The update that was judged good last, and what it holds. */
  #judged: { readonly update: Uint8Array; readonly read: YTextUpdate } | undefined;
  #isTogether = false;
  readonly #batch = new UpdateBatch((client) => Y.getState(this.#doc.store, client));

  readonly #keepUpdate = (update: Uint8Array): void => void this.#updates.push(update);

  constructor({ textName, clientId }: ReplicaOptions) {
    this.#doc.clientID = clientId;
    this.#text = this.#doc.getText(textName);
    this.#textName = textName;
    this.#doc.on("update", this.#keepUpdate);
  }

  get text(): string {
    this.#applyBatch();
    return this.#text.toString();
  }

  get parts(): number {
    this.#applyBatch();
    let parts = 0;
    for (const structs of this.#doc.store.clients.values()) parts += structs.length;
    return parts;
  }

  get stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  knows({ client, clock }: YId): boolean {
    return clock < this.#batch.clock(client);
  }

  judge(update: Uint8Array): UpdateVerdict {
    this.#judged = undefined;
    let read: YTextUpdate;
    try {
      read = readYTextUpdate(update, this.#textName);
    } catch (error) {
      if (error instanceof YProtocolError) return { type: "bad", reason: error.message };
      throw error;
    }
    if (read.hasGaps) return { type: "early", missing: undefined };
    const missing = this.#firstMissing(read);
    if (missing !== undefined) return { type: "early", missing };
    this.#judged = { update, read };
    return { type: "good", textBytes: read.textBytes, parts: partsOf(read) };
  }

  transact(work: () => void): Uint8Array | undefined {
    this.#updates = [];
    work();
    const updates = this.#updates;
    this.#updates = [];
    return updates.length > 1 ? Y.mergeUpdates(updates) : updates[0];
  }

  applyTogether(work: () => void): void {
    this.#isTogether = true;
    try {
      // Without edits: within one transaction of Yjs, positions are looked up as they were before updates of
      // others in it.
      Y.transact(
        this.#doc,
        () => {
          work();
          this.#applyBatch();
        },
        null,
        false,
      );
    } finally {
      this.#isTogether = false;
    }
  }

  apply(update: Uint8Array): void {
    const read = this.#judged?.update === update ? this.#judged.read : this.#read(update);
    this.#judged = undefined;
    if (this.#isTogether && read !== undefined && this.#batch.add(read)) return;
    this.#applyBatch();
    Y.applyUpdate(this.#doc, read === undefined ? update : inOrder(read));
  }

  edit(edits: readonly TextEdit[]): void {
    this.#doc.transact(() => {
      let shift = 0;
      for (const { at, remove, insert } of edits) {
        const start = at + shift;
        if (insert !== "" && remove > 1) {
          // Within what it replaces: what somebody types before or behind that just then stays there.
          this.#text.insert(start + 1, insert);
          this.#text.delete(start + 1 + insert.length, remove - 1);
          this.#text.delete(start, 1);
        } else {
          if (remove > 0) this.#text.delete(start, remove);
          if (insert !== "") this.#text.insert(start, insert);
        }
        shift += insert.length - remove;
      }
    });
  }

  append(length: number, text: string): void {
    const doc = this.#doc;
    const clock = Y.getState(doc.store, doc.clientID);
    // Yjs joins what is appended to what was appended before, and would cut the update out of all of it.
    doc.off("update", this.#keepUpdate);
    try {
      this.#text.insert(length, text);
    } finally {
      doc.on("update", this.#keepUpdate);
    }
    this.#keepUpdate(this.#insertion(clock, text));
  }

  /** The update that has inserted a text of this copy's own, from a clock on. */
  #insertion(clock: number, text: string): Uint8Array {
    const { store, clientID: client } = this.#doc;
    const item = Y.getItem(store, Y.createID(client, clock));
    const left = item.id.clock < clock ? { client, clock: clock - 1 } : item.origin ?? undefined;
    return encodeYInsertion({
      client,
      clock,
      text,
      left,
      right: item.rightOrigin ?? undefined,
      textName: this.#textName,
    });
  }

  difference(stateVector?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc, stateVector);
  }

  destroy(): void {
    this.#doc.destroy();
  }

  #applyBatch(): void {
    const update = this.#batch.take();
    if (update !== undefined) Y.applyUpdate(this.#doc, update);
  }

  /** Undefined for what is not to be put together with others. */
  #read(update: Uint8Array): YTextUpdate | undefined {
    try {
      return readYTextUpdate(update, this.#textName);
    } catch (error) {
      if (error instanceof YProtocolError) return undefined;
      throw error;
    }
  }

  /**
   * What it refers to and has not come: Yjs itself would apply what it can, and keep the rest for ever.
   */
  #firstMissing({ blocks, references, deletions }: YTextUpdate): YId | undefined {
    const brought = new Map<number, number>();
    const clockOf = (client: number) => brought.get(client) ?? this.#batch.clock(client);
    for (const { client, clock, length } of blocks) {
      const known = clockOf(client);
      if (clock > known) return { client, clock: clock - 1 };
      brought.set(client, Math.max(known, clock + length));
    }
    const missing = references.find(({ client, clock }) => clock >= clockOf(client));
    if (missing !== undefined) return missing;
    const early = deletions.find(({ client, clock, length }) => clock + length > clockOf(client));
    return early && { client: early.client, clock: early.clock + early.length - 1 };
  }
}

/** The same update; what it deletes from the end of a long part to its beginning would take Yjs for ever. */
function inOrder({ blocks, deletions }: YTextUpdate): Uint8Array {
  return encodeYTextUpdate({ blocks, deletions: joinDeletions(deletions) });
}

/** An insertion cuts a part in two at most, and a deletion one at each of its ends. */
function partsOf({ blocks, deletions }: YTextUpdate): number {
  return 2 * (blocks.reduce((sum, { parts }) => sum + parts, 0) + deletions.length);
}
