/**
 * What is done to a text, from whichever door, in batches that become durable together.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { CollaboratorEvent } from "./collaboration_events.ts";
import type { DocumentEvent } from "./document_events.ts";
import type { LateSave } from "./replaced_file.ts";

/** Something that is to be done to the text. In their order, one batch at a time. */
export type Change =
  | { readonly type: "line"; readonly member: Ref<DocumentEvent>; readonly text: string }
  | { readonly type: "update"; readonly member: Ref<CollaboratorEvent>; readonly update: Uint8Array }
  /** Somebody has saved the file. */
  | { readonly type: "file"; readonly text: string }
  /** Somebody has written to the file that it has replaced. */
  | ({ readonly type: "late" } & LateSave);

/** What somebody has saved. */
export type SavedFile = Extract<Change, { readonly type: "file" | "late" }>;

/** A batch that could not be made durable. */
export interface FailedBatch {
  readonly changes: readonly Change[];
  /** The text before it, where that was wanted. */
  readonly textBefore: string | undefined;
  readonly error: unknown;
}

/** What a batch of changes has come to, once it is durable. */
export interface CommittedBatch {
  /** The changes, but for those that were refused. */
  readonly changes: readonly Change[];
  /** All of them as one update; undefined where nothing was new. */
  readonly update: Uint8Array | undefined;
  /**
   * What was put at the end of the text, where nothing else was done; with the end that the line before may
   * have lacked.
   */
  readonly appended: string | undefined;
  /** The text before the batch, where that was wanted. */
  readonly textBefore: string | undefined;
}
