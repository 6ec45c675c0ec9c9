/**
 * How a document is opened.
 *
 * @module
 */
import type { SyncPolicy } from "./document_events.ts";
import type { ReplicaFactory } from "./replica.ts";

/** Options of {@linkcode sharedDocument}. */
export interface DocumentOptions {
  /** The file. */
  readonly path: string;
  /** The directory that neither the file nor its history may lead out of, by links either. @default none */
  readonly within?: string;
  /** When an update is on the disk. @default "always" */
  readonly sync?: SyncPolicy;
  /** Milliseconds between an update and its sync, with the policy `interval`. @default 100 */
  readonly syncIntervalMs?: number;
  /**
   * Loads what merges concurrent edits, when somebody comes who makes some: `yjsReplica` of `yjs_replica.ts`.
   * Without it the document is edited by lines alone. @default none
   */
  readonly replica?: () => Promise<ReplicaFactory>;
  /** Bytes of the text, as UTF-8, up to which it can be edited together. @default 16777216 */
  readonly maxDocumentBytes?: number;
  /** The name of the text in the clients' documents. @default "content" */
  readonly textName?: string;
  /**
   * Milliseconds without a client of the web door after which the document is edited by lines alone again.
   * @default 60000
   */
  readonly desertedMs?: number;
  /**
   * No history is taken to need fewer bytes than these: it is compacted when it is four times what it needs.
   * @default 262144
   */
  readonly compactBytes?: number;
  /** Told when nobody edits it any more, neither together nor by lines. Runs inside the document's actor. */
  readonly deserted?: () => void;
  /** Told when the file is open. Runs inside the document's actor: only `tell` in it. */
  readonly opened?: () => void;
}
