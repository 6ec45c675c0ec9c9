/**
 * What is said between a document and those who edit it together.
 *
 * @module
 */
import type { AwarenessEntry } from "../../protocols/y_sync.ts";
import type { Ref } from "../runtime/mod.ts";

/** What a document tells a client of its web door. */
export type CollaboratorEvent =
  /** A message of the y-protocols, for the wire as it is. Shared: not to be changed. */
  | { readonly type: "send"; readonly frame: Uint8Array }
  /** The same, with what the client lacked: the answer to its `sync`. */
  | { readonly type: "synced"; readonly frame: Uint8Array }
  /** So many more of the client's own updates are durable. */
  | { readonly type: "saved"; readonly updates: number }
  /** The client is to be closed, with this code and reason. */
  | { readonly type: "refused"; readonly code: number; readonly reason: string };

/** What a client of the web door tells a document. */
export type CollaborationCommand =
  /**
   * Become a collaborator, until `member` stops. Answered by what is missing from `sync` on, or by `refused`.
   */
  | {
    readonly type: "collaborate";
    readonly member: Ref<CollaboratorEvent>;
    /** Who it is, where its presence does not say. */
    readonly label: string;
  }
  /** What the client has: answered by `synced`. */
  | { readonly type: "sync"; readonly member: Ref<CollaboratorEvent>; readonly stateVector: Uint8Array }
  /** Edits. Answered by `saved`. */
  | { readonly type: "edit"; readonly member: Ref<CollaboratorEvent>; readonly update: Uint8Array }
  | {
    readonly type: "be-present";
    readonly member: Ref<CollaboratorEvent>;
    readonly entries: readonly AwarenessEntry[];
  }
  | { readonly type: "who-is-present"; readonly member: Ref<CollaboratorEvent> };

/** The versions of a document, and its text, for who asks once. */
export type DocumentQuery =
  | { readonly type: "get-text"; readonly replyTo: Ref<DocumentText> }
  | { readonly type: "get-versions"; readonly replyTo: Ref<readonly VersionSummary[]> }
  /** The text of a version; null where there is none. */
  | { readonly type: "get-version"; readonly id: number; readonly replyTo: Ref<string | null> }
  /** Keep the text as it is now under a name. */
  | {
    readonly type: "name-version";
    readonly name: string;
    readonly by: string;
    readonly replyTo: Ref<VersionSummary | null>;
  };

/** The text of a document at one moment. */
export interface DocumentText {
  /** Changes whenever the text does. */
  readonly etag: string;
  /** Bytes of the text. */
  readonly bytes: number;
  /** The text, where it is in memory; else it is read from the document by `read`. */
  readonly text?: Uint8Array;
}

/** One version in a list. */
export interface VersionSummary {
  /** Counts from 1. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The name that somebody gave it. */
  readonly name?: string;
  /** Who has edited since the version before. */
  readonly by: readonly string[];
}
