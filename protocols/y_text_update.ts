/**
 * Updates of a text, as Yjs 13 encodes them (version 1), looked through without a document: what they bring,
 * and what they refer to.
 *
 * Only what belongs into a text is read: strings, their formats, and what is left of what was deleted.
 *
 * @see https://github.com/yjs/yjs/blob/main/INTERNALS.md
 * @module
 */
import { Lib0Reader, YProtocolError } from "./_lib0_reader.ts";
import { Lib0Writer } from "./_lib0_writer.ts";

/** A place in the edits of one client. */
export interface YId {
  /** The client's number. */
  readonly client: number;
  /** Counts what the client has inserted, from 0, in UTF-16 code units of strings. */
  readonly clock: number;
}

/** What an update brings of one client: its edits without a gap, from a clock on. */
export interface YTextBlock extends YId {
  /** By how much they bring the clock forward. */
  readonly length: number;
  /** How many parts they are. */
  readonly parts: number;
  /** The parts as they are encoded. A view of the update. */
  readonly bytes: Uint8Array;
}

/** A range of one client's edits that were deleted. */
export interface YDeletion extends YId {
  /** How many, counted as the clock counts. */
  readonly length: number;
}

/** What an update holds. */
export interface YTextUpdate {
  /** What is inserted. */
  readonly blocks: readonly YTextBlock[];
  /** What is deleted. */
  readonly deletions: readonly YDeletion[];
  /** What the parts stand behind and before: it must be known to whom the update is applied. */
  readonly references: readonly YId[];
  /** Bytes of all strings, as UTF-8. */
  readonly textBytes: number;
  /** Whether a part is left out, which is to come later. */
  readonly hasGaps: boolean;
}

const KIND = 0x1f;
const GARBAGE = 0;
const DELETED = 1;
const STRING = 4;
const FORMAT = 6;
const GAP = 10;
const HAS_KEY = 0x20;
const HAS_RIGHT = 0x40;
const HAS_LEFT = 0x80;
const ENCODER = new TextEncoder();
/** Clocks beyond any honest one. */
const MAX_CLOCK = 2 ** 31;
/** Characters of a format's name, and of its value. */
const MAX_FORMAT_CHARACTERS = 1024;

/**
 * Reads an update of the text of this name.
 *
 * @throws {YProtocolError} on what does not decode, or is no text, or is of another name. What it refers to
 * is not checked.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readYTextUpdate } from "@troupe/actors/protocols/y-text-update";
 *
 * // Client 5 has put "hi" into the empty text "t".
 * const bytes = Uint8Array.of(1, 1, 5, 0, 4, 1, 1, 116, 2, 104, 105, 0);
 * const { blocks, textBytes } = readYTextUpdate(bytes, "t");
 * assertEquals(blocks.map(({ client, clock, length }) => [client, clock, length]), [[5, 0, 2]]);
 * assertEquals(textBytes, 2);
 * ```
 */
export function readYTextUpdate(bytes: Uint8Array, textName: string): YTextUpdate {
  return new UpdateReader(bytes, textName).read();
}

/**
 * Writes an update of these blocks, one a client, and deletions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeYTextUpdate, readYTextUpdate } from "@troupe/actors/protocols/y-text-update";
 *
 * const bytes = Uint8Array.of(1, 1, 5, 0, 4, 1, 1, 116, 2, 104, 105, 0);
 * assertEquals(encodeYTextUpdate(readYTextUpdate(bytes, "t")), bytes);
 * ```
 */
export function encodeYTextUpdate(
  { blocks, deletions }: Pick<YTextUpdate, "blocks" | "deletions">,
): Uint8Array<ArrayBuffer> {
  const writer = new Lib0Writer().numbers(blocks.length);
  for (const { parts, client, clock, bytes } of blocks) writer.numbers(parts, client, clock).raw(bytes);
  writer.numbers(deletions.length);
  for (const { client, clock, length } of deletions) writer.numbers(client, 1, clock, length);
  return writer.take();
}

/** What {@linkcode encodeYInsertion} encodes. */
export interface YInsertion extends YId {
  /** Not empty. */
  readonly text: string;
  /** What it stands behind; undefined at the beginning. */
  readonly left: YId | undefined;
  /** What it stands before; undefined at the end. */
  readonly right: YId | undefined;
  /** The name of the text that it is in. */
  readonly textName: string;
}

/**
 * Writes an update of one string that is put into a text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeYInsertion } from "@troupe/actors/protocols/y-text-update";
 *
 * const place = { left: undefined, right: undefined, textName: "t" };
 * const bytes = encodeYInsertion({ client: 5, clock: 0, text: "hi", ...place });
 * assertEquals(bytes, Uint8Array.of(1, 1, 5, 0, 4, 1, 1, 116, 2, 104, 105, 0));
 * ```
 */
export function encodeYInsertion(insertion: YInsertion): Uint8Array<ArrayBuffer> {
  const { client, clock, text, left, right, textName } = insertion;
  const writer = new Lib0Writer().numbers(1, 1, client, clock);
  writer.raw(
    Uint8Array.of(STRING | (left === undefined ? 0 : HAS_LEFT) | (right === undefined ? 0 : HAS_RIGHT)),
  );
  if (left !== undefined) writer.numbers(left.client, left.clock);
  if (right !== undefined) writer.numbers(right.client, right.clock);
  if (left === undefined && right === undefined) writer.numbers(1).bytes(ENCODER.encode(textName));
  return writer.bytes(ENCODER.encode(text)).numbers(0).take();
}

class UpdateReader {
  readonly #bytes: Uint8Array;
  readonly #reader: Lib0Reader;
  readonly #textName: string;
  readonly #references: YId[] = [];
  #textBytes = 0;
  #hasGaps = false;

  constructor(bytes: Uint8Array, textName: string) {
    this.#bytes = bytes;
    this.#reader = new Lib0Reader(bytes);
    this.#textName = textName;
  }

  read(): YTextUpdate {
    const blocks: YTextBlock[] = [];
    const clients = new Set<number>();
    for (let count = this.#reader.number(); count > 0; count--) {
      const block = this.#block();
      if (clients.has(block.client)) throw new YProtocolError("an update has two blocks of one client");
      clients.add(block.client);
      blocks.push(block);
    }
    const deletions = this.#deletions();
    return {
      blocks,
      deletions,
      references: this.#references,
      textBytes: this.#textBytes,
      hasGaps: this.#hasGaps,
    };
  }

  #block(): YTextBlock {
    const parts = this.#reader.number();
    const client = this.#reader.number();
    const clock = this.#reader.number();
    const start = this.#reader.at;
    let length = 0;
    for (let part = 0; part < parts; part++) {
      const added = this.#part();
      length += added;
      if (!(added >= 1) || clock + length > MAX_CLOCK) {
        throw new YProtocolError("an update has a part of no valid length");
      }
    }
    return { client, clock, length, parts, bytes: this.#bytes.subarray(start, this.#reader.at) };
  }

  /** Gives its length. */
  #part(): number {
    const info = this.#reader.byte();
    const kind = info & KIND;
    if (kind === GARBAGE) return this.#reader.number();
    if (kind === GAP) {
      this.#hasGaps = true;
      return this.#reader.number();
    }
    if ((info & HAS_LEFT) !== 0) this.#references.push(this.#id());
    if ((info & HAS_RIGHT) !== 0) this.#references.push(this.#id());
    if ((info & (HAS_LEFT | HAS_RIGHT)) === 0) this.#parent(info);
    switch (kind) {
      case STRING:
        return this.#string();
      case DELETED:
        return this.#reader.number();
      case FORMAT:
        return this.#format();
      default:
        throw new YProtocolError("an update has something that is no text");
    }
  }

  #id(): YId {
    return { client: this.#reader.number(), clock: this.#reader.number() };
  }

  /** Told only where there is no neighbour, whose parent it would be. */
  #parent(info: number): void {
    const isNamed = this.#reader.number() === 1;
    if (!isNamed || this.#reader.text() !== this.#textName || (info & HAS_KEY) !== 0) {
      throw new YProtocolError("an update is for another part of the document");
    }
  }

  #string(): number {
    const bytes = this.#reader.bytes();
    this.#textBytes += bytes.length;
    return utf16Length(bytes);
  }

  #format(): number {
    const [name, value] = [this.#reader.text(), this.#reader.text()];
    if (Math.max(name.length, value.length) > MAX_FORMAT_CHARACTERS) {
      throw new YProtocolError("an update has a format that is too long");
    }
    try {
      JSON.parse(value);
    } catch {
      throw new YProtocolError("an update has a format that is not JSON");
    }
    return 1;
  }

  #deletions(): YDeletion[] {
    const deletions: YDeletion[] = [];
    for (let clients = this.#reader.number(); clients > 0; clients--) {
      const client = this.#reader.number();
      for (let count = this.#reader.number(); count > 0; count--) {
        const [clock, length] = [this.#reader.number(), this.#reader.number()];
        if (length < 1 || clock + length > MAX_CLOCK) {
          throw new YProtocolError("an update deletes what there cannot be");
        }
        deletions.push({ client, clock, length });
      }
    }
    return deletions;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf16Length(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] ?? 0) < 0x80) at++;
  if (at === bytes.length) return at;
  try {
    return UTF8.decode(bytes).length;
  } catch {
    throw new YProtocolError("a text is not UTF-8");
  }
}
