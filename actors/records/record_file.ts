/**
 * The record file, `records.json`, on disk.
 *
 * @module
 */
import {
  DATESTAMP_BYTES,
  formatDatestamp,
  isClientId,
  parseDatestamp,
  type WallSeconds,
} from "../../protocols/records.ts";
import { writeAtomic } from "../store/atomic_file.ts";
import type { Disk } from "../world/world.ts";

/** One line of the record file. */
export interface RecordLine {
  readonly id: string;
  readonly stamp: WallSeconds;
  /**
   * Where in the file its datestamp stands; -1 while it has no line. Only {@linkcode RecordFile} writes it.
   */
  offset: number;
}

/** What a record file was found to say. */
export interface FoundRecords {
  readonly stamps: Map<string, WallSeconds>;
  /** Names whose datestamp is none. */
  readonly undated: readonly string[];
  /** How many names are no client's id. */
  readonly strangers: number;
}

const PART_BYTES = 65536;
const END = "\n}\n";
const UTF8 = new TextEncoder();

/**
 * A JSON object with one line a record, that is changed in place: a datestamp has always the same length, and
 * a new record's line goes to the end with one write. A change costs as much in a file of 100,000 records as
 * in one of ten, and a person who looks at the file sees it at once.
 *
 * What it does is not durable before {@linkcode RecordFile.sync}: until then, an intent on disk must say
 * which records may differ (see {@linkcode Intents}). A file that somebody else has replaced, or changed in
 * length, is written anew, whole.
 *
 * One call at a time.
 */
export class RecordFile {
  readonly #disk: Disk;
  readonly path: string;
  /** Bytes of the file as it was left; -1 when its content is not known. */
  #length = -1;
  /** Tells the file from another of its name, in worlds that can. */
  #id: number | undefined;
  #isEmpty = true;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  /**
   * Writes the whole file, atomically and durably. Lines that are added meanwhile may or may not be in it.
   */
  async rewrite(lines: Iterable<RecordLine>): Promise<void> {
    this.#length = -1;
    this.#isEmpty = true;
    let length = 0;
    const parts = function* (this: RecordFile): Generator<Uint8Array> {
      let text = "{";
      for (const line of lines) {
        text += this.#place(line, length + text.length);
        if (text.length < PART_BYTES) continue;
        yield UTF8.encode(text);
        length += text.length;
        text = "";
      }
      text += END;
      length += text.length;
      yield UTF8.encode(text);
    };
    await writeAtomic(this.#disk, this.path, parts.call(this));
    this.#id = (await this.#disk.stat(this.path)).id;
    this.#length = length;
  }

  /** Brings some lines of the file up to date; `all` is what it is to hold if it must be written anew. */
  async update(changed: Iterable<RecordLine>, all: Iterable<RecordLine>): Promise<void> {
    if (this.#length < 0 || !await this.#patch(changed)) await this.rewrite(all);
  }

  /** Makes durable what was updated. */
  async sync(): Promise<void> {
    const file = await this.#disk.open(this.path, { read: false, write: true });
    try {
      await file.sync();
    } finally {
      file.close();
    }
  }

  /** False when the file is not as it was left. */
  async #patch(changed: Iterable<RecordLine>): Promise<boolean> {
    const length = this.#length;
    // It is opened by its name each time: an editor may have put another file in its place.
    const file = await this.#disk.open(this.path, { read: false, write: true, create: true });
    // A write that fails in the middle leaves it unknown.
    this.#length = -1;
    try {
      if (await file.size() !== length || (await this.#disk.stat(this.path)).id !== this.#id) return false;
      let added = "";
      for (const line of changed) {
        if (line.offset < 0) added += this.#place(line, length - END.length + added.length);
        else await file.write(UTF8.encode(formatDatestamp(line.stamp)), line.offset);
      }
      if (added !== "") await file.write(UTF8.encode(added + END), length - END.length);
      this.#length = length + added.length;
      return true;
    } finally {
      file.close();
    }
  }

  /** The text of a line that begins `at` so many bytes into the file. All of it is ASCII. */
  #place(line: RecordLine, at: number): string {
    const before = `${this.#isEmpty ? "" : ","}\n  "${line.id}": "`;
    this.#isEmpty = false;
    line.offset = at + before.length;
    return `${before}${formatDatestamp(line.stamp)}"`;
  }
}

/**
 * Reads the text of a record file. Throws `SyntaxError` when it is no JSON object. An empty text holds no
 * records.
 */
export function parseRecordFile(text: string): FoundRecords {
  const stamps = new Map<string, WallSeconds>();
  const undated: string[] = [];
  let strangers = 0;
  const value: unknown = text.trim() === "" ? {} : JSON.parse(text.replace(/^\uFEFF/, ""));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("it is not a JSON object");
  }
  for (const [id, datestamp] of Object.entries(value)) {
    const stamp = typeof datestamp === "string" ? parseDatestamp(datestamp) : undefined;
    if (!isClientId(id)) strangers++;
    else if (stamp === undefined) undated.push(id);
    else stamps.set(id, stamp);
  }
  return { stamps, undated, strangers };
}

/** Reads what a crash has left of a record file: the lines that are whole. */
export function salvageRecordFile(text: string): FoundRecords {
  const stamps = new Map<string, WallSeconds>();
  for (const [, id = "", datestamp = ""] of text.matchAll(LINE)) {
    const stamp = parseDatestamp(datestamp);
    if (stamp !== undefined) stamps.set(id, stamp);
  }
  return { stamps, undated: [], strangers: 0 };
}

const LINE = new RegExp(`"([0-9]{1,20})"\\s*:\\s*"([-: 0-9]{${DATESTAMP_BYTES}})"`, "g");
