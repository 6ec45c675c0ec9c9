/**
 * One file, as the running machine sees it and as a power cut would leave it.
 *
 * @module
 */
import { GrowingBytes } from "../../../protocols/_growing_bytes.ts";
import type { SeededRandom } from "./random.ts";

/**
 * What a power cut may do to what was not synced, beside keeping the beginning of it. Each is a share of the
 * cuts, from 0 to 1.
 */
export interface Tearing {
  /** Sectors of what was written over reach the disk in any order, some of them not at all. @default 0 */
  readonly sectorsOutOfOrder: number;
  /**
   * The file has got its new length, and zeros where sectors of its new part have not reached the disk.
   * @default 0
   */
  readonly lengthBeforeData: number;
  /** What would be zeros then is garbage: what stood there before, of other files. @default 0 */
  readonly garbage: number;
}

/** What is written at once, whole or not at all. */
const SECTOR_BYTES = 512;

/** One change of a file's content. */
type ContentChange =
  | { readonly type: "write"; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly type: "truncate"; readonly length: number };

const decoder = new TextDecoder();

function apply(change: ContentChange, to: GrowingBytes): void {
  if (change.type === "write") to.write(change.bytes, change.offset);
  else to.truncate(change.length);
}

/** A file. */
export class FileNode {
  readonly type = "file";
  /** Tells it from every other file of the machine. */
  readonly id: number;
  modifiedAtMs: number;
  /** Permission bits. */
  mode = 0o644;
  #content = new GrowingBytes();
  #durable = new GrowingBytes();
  #unsynced: ContentChange[] = [];
  /** Both as text, once somebody has asked: who waits for something in a file looks after each event. */
  #text: string | undefined;
  #durableText: string | undefined;

  constructor(modifiedAtMs: number, id: number) {
    this.modifiedAtMs = modifiedAtMs;
    this.id = id;
  }

  get size(): number {
    return this.#content.length;
  }

  /** What is in it, to be looked at only. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content.view;
  }

  /** What of it is on the disk for sure, to be looked at only. */
  get durable(): Uint8Array<ArrayBuffer> {
    return this.#durable.view;
  }

  /** What is in it, as text. */
  get text(): string {
    return this.#text ??= decoder.decode(this.content);
  }

  /** What of it is on the disk for sure, as text. */
  get durableText(): string {
    return this.#durableText ??= decoder.decode(this.durable);
  }

  write(bytes: Uint8Array, offset: number, nowMs: number): void {
    this.#change({ type: "write", bytes: bytes.slice(), offset }, nowMs);
  }

  truncate(length: number, nowMs: number): void {
    this.#change({ type: "truncate", length }, nowMs);
  }

  /** Makes the content durable. */
  sync(): void {
    if (this.#unsynced.length === 0) return;
    for (const change of this.#unsynced) apply(change, this.#durable);
    this.#unsynced = [];
    this.#durableText = undefined;
  }

  /**
   * A sync fails, and the kernel takes the pages for clean: what was not durable is never written, unless it
   * is written anew. Some file systems keep showing it until the machine ends, some show what is on the disk.
   * The new length is not lost: the next sync makes it durable, with zeros where the pages were.
   */
  dropUnsynced(random: SeededRandom): void {
    if (this.#unsynced.length === 0) return;
    const { length } = this.#content;
    if (random.chance(0.5)) {
      this.#content = copyOf(this.#durable);
      this.#content.truncate(length);
      this.#text = undefined;
    }
    this.#unsynced = length === this.#durable.length ? [] : [{ type: "truncate", length }];
  }

  /** Bits of what is on the disk turn over. Says how many did. */
  rot(bits: number, random: SeededRandom): number {
    const length = Math.min(this.#durable.length, this.#content.length);
    if (length === 0) return 0;
    for (let turned = 0; turned < bits; turned++) {
      const at = random.integer(0, length - 1);
      const bit = 1 << random.integer(0, 7);
      for (const bytes of [this.#durable.view, this.#content.view]) bytes[at] = (bytes[at] ?? 0) ^ bit;
    }
    this.#text = this.#durableText = undefined;
    return bits;
  }

  /**
   * The power goes. Of the changes that made the file longer or shorter, the first few have reached the disk,
   * the next one perhaps in part; of those within its old length each has or has not; and what `tearing` says
   * beside. Gives the names of the rarer things that happened.
   */
  powerCut(random: SeededRandom, tearing: Tearing): string[] {
    const cut = new PowerCut(this.#durable, random, tearing);
    cut.happen(this.#unsynced);
    this.#unsynced = [];
    this.#content = copyOf(this.#durable);
    this.#text = this.#durableText = undefined;
    return cut.seen;
  }

  #change(change: ContentChange, nowMs: number): void {
    apply(change, this.#content);
    this.#text = undefined;
    this.#unsynced.push(change);
    this.modifiedAtMs = nowMs;
  }
}

function copyOf(bytes: GrowingBytes): GrowingBytes {
  const copy = new GrowingBytes();
  copy.append(bytes.view);
  return copy;
}

/** What one power cut does to one file. */
class PowerCut {
  readonly seen: string[] = [];
  readonly #durable: GrowingBytes;
  readonly #random: SeededRandom;
  readonly #isOutOfOrder: boolean;
  readonly #isLengthFirst: boolean;
  readonly #isGarbage: boolean;
  /** How likely a sector is to have reached the disk, where that is a matter of luck. */
  readonly #luck: number;

  constructor(durable: GrowingBytes, random: SeededRandom, tearing: Tearing) {
    this.#durable = durable;
    this.#random = random;
    // Only asked where it may be: a disk without these draws the same numbers as ever.
    const may = (share: number) => share > 0 && random.chance(share);
    this.#isOutOfOrder = may(tearing.sectorsOutOfOrder);
    this.#isLengthFirst = may(tearing.lengthBeforeData);
    this.#isGarbage = this.#isLengthFirst && may(tearing.garbage);
    this.#luck = this.#isOutOfOrder || this.#isLengthFirst ? random.pick([0, 0.2, 0.5, 0.8]) : 0;
  }

  happen(unsynced: readonly ContentChange[]): void {
    const ordered = unsynced.filter((change) => !this.#isWithin(change));
    const kept = pickPrefix(ordered.length, this.#random);
    let place = 0;
    for (const change of unsynced) {
      if (this.#isWithin(change)) this.#overwrite(change);
      else this.#lengthen(change, place++, kept);
    }
  }

  #overwrite(change: ContentChange): void {
    if (this.#isOutOfOrder && change.type === "write") {
      this.#writeSectors(change.bytes, change.offset, "sectors out of order", false);
      return;
    }
    const isKept = this.#random.chance(0.5);
    const isTorn = this.#random.chance(0.1);
    this.#keep(change, isKept, isTorn);
  }

  #lengthen(change: ContentChange, place: number, kept: number): void {
    if (this.#isLengthFirst && place <= kept && change.type === "write") {
      this.#writeSectors(
        change.bytes,
        change.offset,
        this.#isGarbage ? "garbage" : "length before data",
        true,
      );
      return;
    }
    this.#keep(change, place < kept, place === kept && this.#random.chance(0.5));
  }

  #keep(change: ContentChange, isKept: boolean, isTorn: boolean): void {
    if (isTorn && change.type === "write") {
      const length = this.#random.integer(0, change.bytes.length);
      if (length > 0) this.#durable.write(change.bytes.subarray(0, length), change.offset);
    } else if (isKept) {
      apply(change, this.#durable);
    }
  }

  /**
   * Writes some of the sectors; with `fillsUp` the others are zeros or garbage, else they stay what they
   * were.
   */
  #writeSectors(bytes: Uint8Array, offset: number, what: string, fillsUp: boolean): void {
    const end = offset + bytes.length;
    for (let at = offset; at < end;) {
      const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
      if (this.#random.chance(this.#luck)) {
        this.#durable.write(bytes.subarray(at - offset, next - offset), at);
      } else {
        this.seen.push(what);
        if (fillsUp) this.#durable.write(this.#filling(next - at), at);
      }
      at = next;
    }
  }

  #filling(length: number): Uint8Array {
    return this.#isGarbage ? this.#random.bytes(length) : new Uint8Array(length);
  }

  #isWithin(change: ContentChange): boolean {
    return change.type === "write" && change.offset + change.bytes.length <= this.#durable.length;
  }
}

/** How many of `count` things that happen one after the other have happened: often none, often all. */
function pickPrefix(count: number, random: SeededRandom): number {
  const luck = random.next();
  if (luck < 0.3) return 0;
  if (luck < 0.5) return count;
  return random.integer(0, count);
}
