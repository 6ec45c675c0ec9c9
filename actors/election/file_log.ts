/**
 * The leader's log of all files, in one file that is replaced whole.
 *
 * Nodes of one machine may share the file, so that a leader that was frozen and does not know yet that it leads no more must not undo what
 * its successor wrote. Its term is the fencing token: the highest term that has written stands in a second file (`.term` after the name), and a
 * write of a lower one is refused.
 *
 * @module
 */
import { MAX_TERM } from "../../protocols/election_messages.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import { writeAtomic } from "../store/mod.ts";
import { WorldError } from "../world/world.ts";

/** What a {@linkcode fileLog} can be told. */
export type FileLogCommand =
  | WriteFileLog
  /** This node leads no more: leave the file alone. */
  | { readonly type: "release" };

/** The file is to hold this text. */
export interface WriteFileLog {
  /** Tag of the message. */
  readonly type: "write";
  /** The fencing token. */
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
  /** `highest` is the term that has written since. */
  | { readonly type: "log-refused"; readonly term: number; readonly highest: number }
  | { readonly type: "log-failed"; readonly term: number; readonly error: WorldError };

type Message = FileLogCommand | { readonly type: "check" };

/** How often the leader looks whether the file still is what it wrote: a frozen process may have been in the middle of replacing it. */
const CHECK_MS = 2000;

/** Owns the log file, for this node. */
export function fileLog(path: string): Behavior<FileLogCommand> {
  const behavior: Behavior<Message> = (self) => {
    const log = new FileLog(self, path);
    self.every(CHECK_MS, { type: "check" });
    return (message) => log.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<FileLogCommand>;
}

class FileLog {
  readonly #self: Context<Message>;
  readonly #path: string;
  readonly #termPath: string;
  /** The highest term that this node's log was told of: known without a file. */
  #highest = 0;
  /** What the file should hold, while this node leads. */
  #current: WriteFileLog | undefined;

  constructor(self: Context<Message>, path: string) {
    this.#self = self;
    this.#path = path;
    this.#termPath = `${path}.term`;
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
      const stored = fenced ? await this.#storedTerm() : 0;
      this.#highest = Math.max(this.#highest, stored);
      if (term < this.#highest) return { type: "log-refused", term, highest: this.#highest };
      this.#highest = term;
      const encoder = new TextEncoder();
      if (fenced && stored < term) await writeAtomic(disk, this.#termPath, encoder.encode(`${term}\n`));
      await writeAtomic(disk, this.#path, encoder.encode(text));
      return { type: "log-written", term };
    } catch (error) {
      if (error instanceof WorldError) return { type: "log-failed", term, error };
      throw error;
    }
  }

  async #storedTerm(): Promise<number> {
    const bytes = await this.#read(this.#termPath);
    const text = bytes === undefined ? "0" : new TextDecoder().decode(bytes).trim();
    const term = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (term <= MAX_TERM) return term;
    this.#self.log.warn(`Ignored ${this.#termPath}: it holds no term`);
    return 0;
  }

  /** Puts back what somebody else replaced or removed, as long as the token allows. */
  async #check(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    try {
      const bytes = await this.#read(this.#path);
      if (bytes !== undefined && new TextDecoder().decode(bytes) === current.text) return;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
    }
    await this.receive(current);
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#self.world.disk.readFile(path);
    } catch (error) {
      if (error instanceof WorldError && error.kind === "not-found") return undefined;
      throw error;
    }
  }
}
