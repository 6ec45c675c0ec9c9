/**
 * Updates of Yjs put together to one, which costs a document a fraction of what they cost one by one.
 *
 * @module
 */
import { GrowingBytes } from "../../protocols/_growing_bytes.ts";
import { encodeYTextUpdate, type YDeletion, type YTextUpdate } from "../../protocols/y_text_update.ts";

interface ClientEdits {
  readonly clock: number;
  length: number;
  parts: number;
  readonly bytes: GrowingBytes;
}

/** Updates that are to be applied as one, in the order in which they were added. */
export class UpdateBatch {
  readonly #clients = new Map<number, ClientEdits>();
  readonly #deletions: YDeletion[] = [];
  /** How far the document has come with a client's edits, without this batch. */
  readonly #clockBefore: (client: number) => number;

  constructor(clockBefore: (client: number) => number) {
    this.#clockBefore = clockBefore;
  }

  /** How far a document comes with a client's edits by this batch. */
  clock(client: number): number {
    const edits = this.#clients.get(client);
    return edits === undefined ? this.#clockBefore(client) : edits.clock + edits.length;
  }

  /**
   * Adds an update, all of which the document and the batch so far let be applied. False where it does not
   * begin where they end: then nothing was added.
   */
  add({ blocks, deletions }: YTextUpdate): boolean {
    const fits = blocks.every(({ client, clock, length }) => {
      const known = this.clock(client);
      return clock === known || clock + length <= known;
    });
    if (!fits) return false;
    for (const { client, clock, length, parts, bytes } of blocks) {
      if (clock < this.clock(client)) continue;
      let edits = this.#clients.get(client);
      if (edits === undefined) {
        edits = { clock, length: 0, parts: 0, bytes: new GrowingBytes(64) };
        this.#clients.set(client, edits);
      }
      edits.length += length;
      edits.parts += parts;
      edits.bytes.append(bytes);
    }
    for (const deletion of deletions) this.#deletions.push(deletion);
    return true;
  }

  /** All of it as one update; undefined where there is nothing. */
  take(): Uint8Array | undefined {
    if (this.#clients.size === 0 && this.#deletions.length === 0) return undefined;
    const blocks = [...this.#clients].map(([client, { bytes, ...edits }]) => ({
      client,
      ...edits,
      bytes: bytes.view,
    }));
    const update = encodeYTextUpdate({ blocks, deletions: joinDeletions(this.#deletions) });
    this.#clients.clear();
    this.#deletions.length = 0;
    return update;
  }
}

/** Deletions in order, those that meet as one: a word is deleted key by key. */
export function joinDeletions(deletions: readonly YDeletion[]): YDeletion[] {
  const sorted = [...deletions].sort((a, b) => a.client - b.client || a.clock - b.clock);
  const ranges: { client: number; clock: number; length: number }[] = [];
  for (const { client, clock, length } of sorted) {
    const last = ranges.at(-1);
    if (last?.client !== client || last.clock + last.length < clock) ranges.push({ client, clock, length });
    else last.length = Math.max(last.length, clock + length - last.clock);
  }
  return ranges;
}
