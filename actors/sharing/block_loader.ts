/**
 * Reading what peers ask for.
 *
 * @module
 */
import { type CacheRegion, STRETCH_BYTES } from "./block_cache.ts";

/** A stretch that is being read. */
interface Loading {
  readonly done: Promise<void>;
  /** Something was written there meanwhile. */
  isStale: boolean;
}

/** Takes stretches of one torrent into memory, each by one read, whoever waits for it. */
export class BlockLoader {
  readonly #blocks: CacheRegion;
  readonly #length: number;
  readonly #read: (bytes: Uint8Array<ArrayBuffer>, offset: number) => Promise<void>;
  /** By where they begin in the torrent. */
  readonly #loading = new Map<number, Loading>();

  /** `read` fills bytes with what is at a place of the torrent, of `length` bytes. */
  constructor(
    blocks: CacheRegion,
    length: number,
    read: (bytes: Uint8Array<ArrayBuffer>, offset: number) => Promise<void>,
  ) {
    this.#blocks = blocks;
    this.#length = length;
    this.#read = read;
  }

  /** Takes the stretch that a place lies in into memory, unless it is there or on its way. */
  load(place: number): Promise<void> {
    const offset = startOf(place);
    const known = this.#loading.get(offset)?.done;
    if (known !== undefined) return known;
    const length = Math.min(STRETCH_BYTES, this.#length - offset);
    if (length <= 0 || this.#blocks.has(offset)) return Promise.resolve();
    const done = this.#blocks.load(offset, (buffer) => this.#fill(buffer.subarray(0, length), offset))
      .finally(() => this.#loading.delete(offset));
    this.#loading.set(offset, { done, isStale: false });
    return done;
  }

  async #fill(bytes: Uint8Array<ArrayBuffer>, offset: number): Promise<void> {
    let loading: Loading | undefined;
    do {
      if (loading !== undefined) loading.isStale = false;
      await this.#read(bytes, offset);
      loading = this.#loading.get(offset);
    } while (loading?.isStale === true);
  }

  /** Something was written: what was read of its place before, with what lies beside it, is no longer so. */
  written(offset: number, length: number): void {
    for (let at = startOf(offset); at < offset + length; at += STRETCH_BYTES) {
      const loading = this.#loading.get(at);
      if (loading !== undefined) loading.isStale = true;
      this.#blocks.forget(at);
    }
  }
}

/** Where the stretch of a place begins. */
function startOf(offset: number): number {
  return Math.floor(offset / STRETCH_BYTES) * STRETCH_BYTES;
}
