/**
 * What the index of all records is told and asked, and what it answers.
 *
 * @module
 */
import type { WallSeconds } from "../../protocols/records.ts";
import type { Ref } from "../runtime/mod.ts";
import type { AgeLimit } from "./age.ts";

/** Whether a file may be changed: `yes`, `not-due` (see `begin`), or why not. */
export type BeginReply = { readonly type: "yes" } | { readonly type: "not-due" } | {
  readonly type: "failed";
  readonly error: unknown;
};

/** Whether what is on the disk was recovered. */
export type IndexOpened = { readonly type: "opened" } | {
  readonly type: "not-opened";
  readonly error: unknown;
};

/** Which records are as old as was asked. */
export interface DueRecords {
  readonly type: "due";
  readonly ids: readonly string[];
}

/**
 * What the index can be told and asked. Whoever begins a change ends it, by `stored`, `unchanged` or `gone`.
 */
export type RecordIndexCommand =
  /** Recover what is on the disk. Comes once; all else waits for it. */
  | { readonly type: "open"; readonly replyTo: Ref<IndexOpened> }
  /**
   * A client's file is about to be changed. The answer comes when a crash from now on would be noticed at the
   * next start. With `ifDue`, only a record that is due is to be changed.
   */
  | {
    readonly type: "begin";
    readonly id: string;
    readonly ifDue?: AgeLimit;
    readonly replyTo: Ref<BeginReply>;
  }
  /** The file has been changed. The answer comes when the record file shows it. */
  | {
    readonly type: "stored";
    readonly id: string;
    readonly stamp: WallSeconds;
    /** False when a crash may take it back: then the next start is to look at it. */
    readonly isDurable: boolean;
    readonly replyTo: Ref<"shown">;
  }
  /** The file is as it was. */
  | { readonly type: "unchanged"; readonly id: string }
  /** There is no such file. */
  | { readonly type: "gone"; readonly id: string }
  /** Which records are due? */
  | { readonly type: "get-due"; readonly limit: AgeLimit; readonly replyTo: Ref<DueRecords> }
  | { readonly type: "get-count"; readonly replyTo: Ref<number> };

/** What the index is told by itself. */
export type RecordIndexEvent =
  | { readonly type: "intended"; readonly begun: readonly Begin[] }
  | { readonly type: "not-intended"; readonly begun: readonly Begin[]; readonly error: unknown }
  | { readonly type: "updated"; readonly waiting: readonly Ref<"shown">[] }
  | { readonly type: "not-updated"; readonly waiting: readonly Ref<"shown">[]; readonly error: unknown }
  | { readonly type: "update-again" }
  | { readonly type: "settle" }
  | { readonly type: "settled" }
  | { readonly type: "not-settled"; readonly error: unknown };

/** Somebody is about to change a file. */
export type Begin = Extract<RecordIndexCommand, { type: "begin" }>;
