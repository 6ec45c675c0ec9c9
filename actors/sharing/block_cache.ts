/**
 * A cache of what a node serves: stretches of its files, for peers that ask for blocks one after the other.
 *
 * @module
 */

/** What is read from the disk at once: sixteen ordinary blocks. */
export const STRETCH_BYTES: number = 256 * 1024;
/** Stretch numbers that are reserved for each torrent. */
const REGION_SIZE = 2 ** 32;

/**
 * The stretches of all torrents of a node, and the buffers that they are read into: never more than so many
 * bytes, however many torrents and peers there are. The one that was used longest ago goes first.
 */
export class BlockCache {
  readonly #capacity: number;
  /** By number, the one that was used last at the end. */
  readonly #stretches = new Map<number, Uint8Array<ArrayBuffer>>();
  /** Buffers of stretches, of those that are being read, and free ones. */
  #buffers = 0;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #waiting: ((buffer: Uint8Array<ArrayBuffer>) => void)[] = [];
  #regions = 0;

  /** An empty cache, which makes no buffer before it is needed. */
  constructor(maxBytes: number) {
    this.#capacity = Math.max(1, Math.floor(maxBytes / STRETCH_BYTES));
  }

  /** Bytes of all buffers. */
  get bytes(): number {
    return this.#buffers * STRETCH_BYTES;
  }

  /** The part of one torrent, with numbers of its own. */
  region(): CacheRegion {
    return new CacheRegion(this, ++this.#regions * REGION_SIZE);
  }

  /** A stretch that is there. */
  get(key: number): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#stretches.get(key);
    if (bytes === undefined) return undefined;
    this.#stretches.delete(key);
    this.#stretches.set(key, bytes);
    return bytes;
  }

  /** A buffer to read a stretch into, as soon as there is one: first come, first served. */
  acquire(): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = this.#free.pop() ?? this.#make() ?? this.#evict();
    if (buffer !== undefined) return Promise.resolve(buffer);
    const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** A stretch was read into a buffer of {@linkcode BlockCache.acquire}. */
  put(key: number, buffer: Uint8Array<ArrayBuffer>): void {
    this.delete(key);
    this.#stretches.set(key, buffer);
    // Who waits for a buffer takes that of another stretch, or, where there is no other, this one.
    if (this.#waiting.length === 0) return;
    const evicted = this.#evict();
    if (evicted !== undefined) this.release(evicted);
  }

  /** Nothing was read into a buffer of {@linkcode BlockCache.acquire}. */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#free.push(buffer);
    else waiting(buffer);
  }

  /** Forgets a stretch. */
  delete(key: number): void {
    const buffer = this.#stretches.get(key);
    if (buffer === undefined) return;
    this.#stretches.delete(key);
    this.release(buffer);
  }

  /** Forgets the stretches from one number to before another, and lets go of buffers that nobody needs. */
  deleteRange(from: number, to: number): void {
    for (const key of this.#stretches.keys()) if (key >= from && key < to) this.delete(key);
    this.#buffers -= this.#free.length;
    this.#free.length = 0;
  }

  #make(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#buffers === this.#capacity) return undefined;
    this.#buffers++;
    return new Uint8Array(STRETCH_BYTES);
  }

  #evict(): Uint8Array<ArrayBuffer> | undefined {
    for (const [key, buffer] of this.#stretches) {
      this.#stretches.delete(key);
      return buffer;
    }
    return undefined;
  }
}

/** The stretches of one torrent, by the place where they begin in it: a multiple of their length. */
export class CacheRegion {
  readonly #cache: BlockCache;
  readonly #first: number;
  #isClosed = false;

  /** See {@linkcode BlockCache.region}. */
  constructor(cache: BlockCache, first: number) {
    this.#cache = cache;
    this.#first = first;
  }

  #keyOf(offset: number): number {
    return this.#first + Math.floor(offset / STRETCH_BYTES);
  }

  /** Whether the stretch that a place lies in is there. */
  has(offset: number): boolean {
    return this.#cache.get(this.#keyOf(offset)) !== undefined;
  }

  /**
   * So much of `length` bytes at a place as lies in the stretch that they begin in; undefined where that is
   * not there. The bytes are good until the caller returns: then their buffer may be read into anew.
   */
  find(offset: number, length: number): Uint8Array | undefined {
    const at = offset % STRETCH_BYTES;
    return this.#cache.get(this.#keyOf(offset))?.subarray(at, Math.min(STRETCH_BYTES, at + length));
  }

  /** Takes the stretch that a place lies in into memory: `read` fills the beginning of a buffer with it. */
  async load(offset: number, read: (buffer: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
    const buffer = await this.#cache.acquire();
    try {
      await read(buffer);
    } catch (error) {
      this.#cache.release(buffer);
      throw error;
    }
    if (this.#isClosed) this.#cache.release(buffer);
    else this.#cache.put(this.#keyOf(offset), buffer);
  }

  /** Forgets the stretch that a place lies in: something else is there now. */
  forget(offset: number): void {
    this.#cache.delete(this.#keyOf(offset));
  }

  /** Forgets all of it, and what is being read now too. */
  close(): void {
    this.#isClosed = true;
    this.#cache.deleteRange(this.#first, this.#first + REGION_SIZE);
  }
}
