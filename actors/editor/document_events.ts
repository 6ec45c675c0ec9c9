/**
 * What a document is told, and what it tells.
 *
 * @module
 */
import type { Ref } from "../runtime/mod.ts";
import type { CollaborationCommand, DocumentQuery } from "./collaboration_events.ts";

/**
 * When an update counts as saved, which is when others are sent it.
 *
 * - `always`: when it is on the disk (fdatasync). Updates that come together share one.
 * - `interval`: when it is in the file; a sync follows within {@linkcode DocumentOptions.syncIntervalMs}.
 * - `never`: when it is in the file; the system syncs when it likes.
 */
export type SyncPolicy = "always" | "interval" | "never";

/** A part of the document, in bytes: `start` is in it, `end` is not. */
export interface DocumentRange {
  /** Byte offset of its first byte. */
  readonly start: number;
  /** Byte offset behind its last byte. */
  readonly end: number;
}

/**
 * What a document can be told. Whoever is sent {@linkcode DocumentEvent}s can be a member: no socket is
 * needed.
 */
export type DocumentCommand =
  /**
   * Become a member, until `member` stops. Answered by `joined`; every update saved from then on follows,
   * once, in the order of all.
   */
  | { readonly type: "join"; readonly member: Ref<DocumentEvent> }
  /** Append one line, given without its end. Answered by `updated` or `rejected`. */
  | { readonly type: "update"; readonly member: Ref<DocumentEvent>; readonly text: string }
  /** Answered by `piece`, or by `unreadable`. A piece may be shorter than the range. */
  | { readonly type: "read"; readonly range: DocumentRange; readonly replyTo: Ref<DocumentEvent> }
  | CollaborationCommand
  | DocumentQuery;

/** What a document tells its members. */
export type DocumentEvent =
  /**
   * The document has this many bytes now. `read` gives them, or they are `text`. What comes after
   * them comes as `updated` where `text` is absent or what the file holds (`isFile`); else, while the
   * document is edited elsewhere too, as `appended` and `changed`.
   */
  | {
    readonly type: "joined";
    readonly length: number;
    readonly text?: Uint8Array;
    readonly isFile?: boolean;
  }
  | DocumentUpdated
  /** From now on the document is edited elsewhere too: what was not read of it yet is `text`. */
  | { readonly type: "frozen"; readonly text: Uint8Array }
  /** It is edited by lines alone again, and has this many bytes; its last line may have no end. */
  | { readonly type: "thawed"; readonly length: number; readonly isMidLine: boolean }
  | LinesAppended
  /** Lines, each with its end, that were added or changed elsewhere, as they are now. Shared. */
  | { readonly type: "changed"; readonly bytes: Uint8Array }
  /** Updates of the member's own could not be saved; nobody was sent them. */
  | {
    readonly type: "rejected";
    readonly updates: number;
    readonly characters: number;
    readonly reason: string;
  }
  | { readonly type: "piece"; readonly start: number; readonly bytes: Uint8Array }
  | { readonly type: "unreadable"; readonly reason: string };

/** The document has grown. */
export interface DocumentUpdated {
  /** Which of the events it is. */
  readonly type: "updated";
  /** Byte offset of the first update of the batch. */
  readonly start: number;
  /** What is new, exactly as it stands in the document. Shared by all members: not to be changed. */
  readonly bytes: Uint8Array;
  /** The first byte ends a line that had no end before; it is no line of its own. */
  readonly endsLine: boolean;
  /** What of it the member itself had sent; undefined where there is none. */
  readonly own: OwnUpdates | undefined;
}

/** Lines were put at the end of a document that is edited elsewhere too. */
export interface LinesAppended {
  /** Which of the events it is. */
  readonly type: "appended";
  /** The lines, each with its end. Shared by all members: not to be changed. */
  readonly bytes: Uint8Array;
  /**
   * What of it the member itself had sent, counted from the beginning of `bytes`; undefined where there is
   * none.
   */
  readonly own: OwnUpdates | undefined;
}

/** The updates of one member in a {@linkcode DocumentUpdated} or a {@linkcode LinesAppended}. */
export interface OwnUpdates {
  /** Where they stand, in order. */
  readonly ranges: readonly DocumentRange[];
  /** The length of their texts, with one for each line's end. */
  readonly characters: number;
}
