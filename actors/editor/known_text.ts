/**
 * The text that line clients have been told, while the document is edited by lines alone.
 *
 * @module
 */
import type { LogFile } from "../store/log_file.ts";
import type { DiskFile } from "../world/world.ts";
import type { ActorTools } from "./actor_tools.ts";

/** A longer text is not kept: an update of a long document costs as much memory as one of an empty one. */
const MAX_KNOWN_BYTES = 1 << 20;

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Keeps the text, so that what somebody has changed in the file can be told from what they put at its end:
 * the file alone does not say what it held before.
 */
export class KnownText {
  readonly #tools: Pick<ActorTools, "settle">;
  readonly #log: Pick<LogFile, "read">;
  readonly #ready: () => void;
  /** Undefined while the text is not kept. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #isLoading = false;
  /** Counts how often the text was forgotten: what was being read then is of no use. */
  #generation = 0;
  /** What is done once what is being read is known, or forgotten. */
  #waiting: (() => void)[] = [];

  /** @param loaded told whenever it is no longer being read */
  constructor(tools: Pick<ActorTools, "settle">, log: Pick<LogFile, "read">, loaded: () => void) {
    this.#tools = tools;
    this.#log = log;
    this.#ready = loaded;
  }

  /** The bytes, not to be changed; undefined where they are not known. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#isLoading ? undefined : this.#bytes?.subarray(0, this.#length);
  }

  /** Whether it is being read, or somebody waits for that. */
  get isLoading(): boolean {
    return this.#isLoading || this.#waiting.length > 0;
  }

  /** Runs a task once the first `length` bytes of the file are known, where they are to be kept at all. */
  whenLoaded(length: number, task: () => void): void {
    this.load(length);
    if (this.#isLoading) this.#waiting.push(task);
    else task();
  }

  /** Reads the first `length` bytes of the file, if they are not known yet. */
  load(length: number): void {
    if (this.#bytes !== undefined || length > MAX_KNOWN_BYTES) return;
    this.#bytes = new Uint8Array(Math.max(2 * length, 1024));
    this.#length = length;
    this.#isLoading = true;
    const generation = this.#generation;
    this.#tools.settle(
      readWhole(this.#log, length),
      (read) => this.#loaded(generation, read),
      () => this.#loaded(generation, undefined),
    );
  }

  #loaded(generation: number, read: Uint8Array | undefined): void {
    if (this.#generation === generation) {
      if (read === undefined) this.forget();
      else this.#bytes?.set(read);
      this.#isLoading = false;
    }
    if (this.#isLoading) return;
    for (const task of this.#waiting.splice(0)) task();
    this.#ready();
  }

  /** The text has grown from `start` on, where it ended. */
  add(start: number, added: Uint8Array): void {
    if (this.#bytes === undefined) return;
    const length = start + added.length;
    if (length > MAX_KNOWN_BYTES) return this.forget();
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(added, start);
    this.#length = length;
  }

  /** It is this text now. */
  set(text: Uint8Array): void {
    this.forget();
    if (text.length > MAX_KNOWN_BYTES) return;
    this.#bytes = text.slice();
    this.#length = text.length;
  }

  forget(): void {
    this.#bytes = undefined;
    this.#length = 0;
    this.#isLoading = false;
    this.#generation++;
  }
}

/** Bytes as text; what is not UTF-8 is replaced. */
export function decodeText(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/**
 * Bytes as text; undefined where they are not UTF-8: what would be written back would not be what was there.
 */
export function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The first `length` bytes of a file; undefined where it is shorter. */
export async function readWhole(
  file: Pick<DiskFile, "read">,
  length: number,
): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await file.read(bytes.subarray(at), at);
    if (count === null || count === 0) return undefined;
    at += count;
  }
  return bytes;
}
