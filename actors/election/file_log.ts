/**
 * The leader's log of all files, in one file that is replaced whole.
 *
 * Nodes of one machine may share the file, so that a leader that was frozen and does not know yet that it
 * has lost leadership must not undo what its successor wrote. Its term and its ID are the fencing token
 * (`protocols/file_log_token.ts`): the token that has written stands in a second file (`.term` after the
 * name), and a write with an older one is refused.
 *
 * @module
 */
import { isPlausibleTerm } from "../../protocols/election_terms.ts";
import {
  decodeLogToken,
  encodeLogToken,
  type LogToken,
  NO_LOG_TOKEN,
  supersedes,
} from "../../protocols/file_log_token.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { removeTemporariesOf, setFileAside, writeAtomic } from "../store/mod.ts";
import { isNotFound, WorldError } from "../world/world.ts";
import { isNoSuchText } from "./no_such_text.ts";

/** What a {@linkcode fileLog} can be told. */
export type FileLogCommand =
  | WriteFileLog
  /** This node has lost leadership: leave the file alone. */
  | { readonly type: "release" };

/** The file is to hold this text. */
export interface WriteFileLog {
  readonly type: "write";
  /** The term of the fencing token; the node's own ID is its other half. */
  readonly term: number;
  /** False in a network with old nodes, whose leaders have no terms: the second file is not asked then. */
  readonly fenced: boolean;
  /** All of it. */
  readonly text: string;
  /** Told how it went. */
  readonly replyTo: Ref<FileLogReply>;
}

/** How a write went. */
export type FileLogReply =
  | { readonly type: "log-written"; readonly term: number }
  /** `highest` is the term of the leader `by` (0: not known) that has written since. */
  | { readonly type: "log-refused"; readonly term: number; readonly highest: number; readonly by: number }
  | { readonly type: "log-failed"; readonly term: number; readonly error: WorldError };

type Private = { readonly type: "check" };
type Message = FileLogCommand | Private;

/** More than a token has. */
const MAX_TOKEN_BYTES = 64;

/**
 * How often the leader looks whether the file still is what it wrote: a frozen process may have been in the
 * middle of replacing it.
 */
const CHECK_MS = 2000;

/** Owns the log file, for the node of ID `leader`. */
export function fileLog(path: string, leader: number): Behavior<FileLogCommand> {
  return withPrivateMessages<FileLogCommand, Private>(async (self) => {
    // Another node of this machine may be writing its own: that one stays.
    for (const file of [path, `${path}.term`]) {
      await removeTemporariesOf(self.world.disk, file).catch(() => {});
    }
    const log = new FileLog(self, path, leader);
    self.every(CHECK_MS, { type: "check" });
    return (message) => log.receive(message);
  });
}

class FileLog {
  readonly #self: Context<Message>;
  readonly #path: string;
  readonly #termPath: string;
  readonly #leader: number;
  /** The latest token that this node's log has seen: known without a file. */
  #latest = NO_LOG_TOKEN;
  /** What the file should hold, while this node leads. */
  #current: WriteFileLog | undefined;

  constructor(self: Context<Message>, path: string, leader: number) {
    this.#self = self;
    this.#path = path;
    this.#termPath = `${path}.term`;
    this.#leader = leader;
  }

  async receive(message: Message): Promise<void> {
    switch (message.type) {
      case "write": {
        const reply = await this.#write(message);
        this.#current = reply.type === "log-written" ? message : undefined;
        message.replyTo.tell(reply);
        return;
      }
      case "release":
        this.#current = undefined;
        return;
      case "check":
        await this.#check();
        return;
      default:
        assertNever(message);
    }
  }

  async #write(write: WriteFileLog): Promise<FileLogReply> {
    const { term, fenced, text } = write;
    const { disk } = this.#self.world;
    try {
      const token = { term, leader: this.#leader };
      const stored = fenced ? await this.#storedToken(term) : NO_LOG_TOKEN;
      if (stored.term > this.#latest.term) this.#latest = stored;
      for (const other of [this.#latest, stored]) {
        const { term: highest, leader: by } = other;
        if (fenced && !supersedes(token, other)) return { type: "log-refused", term, highest, by };
      }
      if (fenced) this.#latest = token;
      const encoder = new TextEncoder();
      if (fenced && stored.term < term) {
        await writeAtomic(disk, this.#termPath, encoder.encode(encodeLogToken(token)));
      }
      await writeAtomic(disk, this.#path, encoder.encode(text));
      return { type: "log-written", term };
    } catch (error) {
      if (error instanceof WorldError) return { type: "log-failed", term, error };
      throw error;
    }
  }

  /** The token in the file. One that this leader's term cannot have followed is no token. */
  async #storedToken(own: number): Promise<LogToken> {
    try {
      const bytes = await this.#read(this.#termPath, MAX_TOKEN_BYTES);
      if (bytes === undefined) return NO_LOG_TOKEN;
      const token = decodeLogToken(new TextDecoder().decode(bytes));
      if (token !== null && isPlausibleTerm(token.term, own)) return token;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      if (!isNoSuchText(error) && error.kind !== "is-a-directory") throw error;
      // What is no file is not replaced by one.
      const { clock, disk } = this.#self.world;
      if (error.kind !== "too-large") await setFileAside(disk, this.#termPath, clock);
    }
    this.#self.log.warn(`Ignored ${this.#termPath}: it holds no term that can be`, { event: "term-ignored" });
    return NO_LOG_TOKEN;
  }

  /** Puts back what somebody else replaced or removed, as long as the token allows. */
  async #check(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    try {
      const expected = new TextEncoder().encode(current.text);
      const bytes = await this.#read(this.#path, expected.length);
      if (bytes !== undefined && new TextDecoder().decode(bytes) === current.text) return;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
    }
    await this.receive(current);
  }

  async #read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#self.world.disk.readFile(path, { maxBytes });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
