/**
 * The text that many edit at once, as the document sees it: what merges concurrent edits is behind this
 * interface.
 *
 * @module
 */
import type { YId } from "../../protocols/y_text_update.ts";
import type { TextEdit } from "./text_diff.ts";

/** What is to be thought of an update before it is applied. */
export type UpdateVerdict =
  /** It can be applied, and adds at most so many bytes of text, and so many parts. */
  | { readonly type: "good"; readonly textBytes: number; readonly parts: number }
  /** It refers to what has not come: `missing` is the first of it, where that can be told. */
  | { readonly type: "early"; readonly missing: YId | undefined }
  /** It is not an update of this text. */
  | { readonly type: "bad"; readonly reason: string };

/** One copy of the text. Updates and state vectors are those of Yjs, version 1. */
export interface Replica {
  /** The text as it stands. */
  readonly text: string;
  /** How many parts the text is kept in, with what is left of what was deleted. */
  readonly parts: number;
  /** What this copy has seen, for others to say what it lacks. */
  readonly stateVector: Uint8Array;
  /** Whether this edit of a client has come. */
  knows(id: YId): boolean;
  /** Judges an update; nothing is changed. */
  judge(update: Uint8Array): UpdateVerdict;
  /**
   * Runs `work`, in which the text is changed; gives all that it changed as one update, or undefined where
   * that was nothing.
   */
  transact(work: () => void): Uint8Array | undefined;
  /**
   * Runs `work`, in which updates are applied and nothing else is changed: what each costs beyond its text is
   * paid once for all of them.
   */
  applyTogether(work: () => void): void;
  /**
   * Applies an update that was judged good. Throws where it cannot be; then this copy is of no use any more.
   */
  apply(update: Uint8Array): void;
  /** Changes the text. */
  edit(edits: readonly TextEdit[]): void;
  /** Puts something at the end of the text, which is so long: at no more cost, however long that is. */
  append(length: number, text: string): void;
  /**
   * What somebody with this state vector lacks; everything without one. Throws where the vector does not
   * decode.
   */
  difference(stateVector?: Uint8Array): Uint8Array;
  /** Gives its memory back. */
  destroy(): void;
}

/** Options of a {@linkcode ReplicaFactory}. */
export interface ReplicaOptions {
  /** The name of the text in the clients' documents. */
  readonly textName: string;
  /**
   * The number under which this copy's own edits are kept; given, so that chance is the world's. From 0 to
   * 4294967295.
   */
  readonly clientId: number;
}

/** Makes an empty copy. */
export type ReplicaFactory = (options: ReplicaOptions) => Replica;
