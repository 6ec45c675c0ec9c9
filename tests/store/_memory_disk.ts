import type { Disk, DiskFile, FileInfo, OpenOptions } from "../../actors/world/world.ts";
import { WorldError } from "../../actors/world/world.ts";

interface Inode {
  bytes: Uint8Array;
  durable: Uint8Array;
}

const FILE = { isFile: true, isDirectory: false, isLink: false };

/** A disk in memory that can be full, can fail to sync, and can lose its power. */
export class MemoryDisk {
  readonly #names = new Map<string, Inode>();
  /** Bytes that all files together may have. */
  capacity = Infinity;
  /** What the next syncs fail with. */
  syncFailure: WorldError | undefined;
  /** What the next cuts fail with. */
  truncateFailure: WorldError | undefined;
  syncs = 0;
  writes = 0;
  /** Each write and sync first waits for this. */
  gate: Promise<void> = Promise.resolve();
  /** Throws, as a process that is killed stops, once so many more bytes were written. */
  killedAfterBytes = Infinity;

  text(path: string): string {
    return new TextDecoder().decode(this.#inode(path, "read").bytes);
  }

  put(path: string, text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.#names.set(path, { bytes, durable: bytes });
  }

  /** Changes a file in place, as `>>` and some editors do. */
  edit(path: string, edit: (text: string) => string): void {
    this.#inode(path, "edit").bytes = new TextEncoder().encode(edit(this.text(path)));
  }

  has(path: string): boolean {
    return this.#names.has(path);
  }

  /**
   * Every file is what was synced, and of what was written since, a beginning of `chance()` times its length.
   */
  cutPower(chance: () => number): void {
    for (const inode of this.#names.values()) {
      const { bytes, durable } = inode;
      let same = 0;
      while (same < bytes.length && same < durable.length && bytes[same] === durable[same]) same++;
      const kept = same + Math.floor(chance() * (bytes.length - same + 1));
      const length = Math.max(kept, Math.min(durable.length, bytes.length));
      const left = new Uint8Array(length);
      left.set(durable.subarray(0, length));
      left.set(bytes.subarray(0, kept));
      inode.bytes = inode.durable = left;
    }
    this.killedAfterBytes = Infinity;
  }

  /** The disk as the store sees it. What it does not use is not there. */
  get disk(): Disk {
    const missing = () => Promise.reject(new WorldError("other", "Cannot do this: not in this disk"));
    return {
      open: (path, options) => this.#open(path, options),
      readFile: async (path) => {
        await Promise.resolve();
        return this.#inode(path, "read").bytes.slice();
      },
      stat: async (path): Promise<FileInfo> => {
        await Promise.resolve();
        const { length } = this.#inode(path, "look at").bytes;
        return { isFile: true, isDirectory: false, isLink: false, size: length, modifiedAtMs: null };
      },
      remove: async (path) => {
        await Promise.resolve();
        this.#inode(path, "remove");
        this.#names.delete(path);
      },
      syncDirectory: () => Promise.resolve(),
      createReplacement: async (target) => {
        const path = `${target}.new`;
        return { path, target, file: await this.#open(path, { create: true }) };
      },
      lock: missing,
      list: () => Promise.resolve([...this.#names.keys()].map((name) => ({ ...FILE, name }))),
      makeDirectory: missing,
      rename: async (from, to) => {
        await Promise.resolve();
        this.#names.set(to, this.#inode(from, "rename"));
        this.#names.delete(from);
      },
      realPath: (path) => Promise.resolve(path),
      watch: () => ({ cancel() {} }),
    };
  }

  #inode(path: string, doing: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw new WorldError("not-found", `Cannot ${doing} ${path}: it was not found`);
    return inode;
  }

  async #open(path: string, options: OpenOptions = {}): Promise<DiskFile> {
    await Promise.resolve();
    if (options.create && !this.#names.has(path)) this.put(path, "");
    const inode = this.#inode(path, "open");
    return {
      read: async (buffer, offset) => {
        await Promise.resolve();
        const part = inode.bytes.subarray(offset, offset + buffer.length);
        buffer.set(part);
        return part.length === 0 ? null : part.length;
      },
      write: async (bytes, offset) => {
        await this.gate;
        this.writes++;
        let used = 0;
        for (const { bytes } of this.#names.values()) used += bytes.length;
        const growth = Math.max(0, offset + bytes.length - inode.bytes.length);
        const room = Math.min(bytes.length, bytes.length - growth + Math.max(0, this.capacity - used));
        const count = Math.min(room, this.killedAfterBytes);
        this.killedAfterBytes -= count;
        const written = new Uint8Array(Math.max(inode.bytes.length, offset + count));
        written.set(inode.bytes);
        written.set(bytes.subarray(0, count), offset);
        inode.bytes = written;
        if (count < room) throw new WorldError("other", "Cannot write: the process is dead");
        if (room < bytes.length) {
          throw new WorldError("no-space", `Cannot write ${path}: no space left on the disk`);
        }
      },
      sync: async () => {
        await this.gate;
        this.syncs++;
        if (this.syncFailure) throw this.syncFailure;
        inode.durable = inode.bytes;
      },
      truncate: async (length) => {
        await Promise.resolve();
        if (this.killedAfterBytes <= 0) throw new WorldError("other", "Cannot truncate: the process is dead");
        if (this.truncateFailure) throw this.truncateFailure;
        const cut = new Uint8Array(length);
        cut.set(inode.bytes.subarray(0, length));
        inode.bytes = cut;
      },
      size: async () => {
        await Promise.resolve();
        return inode.bytes.length;
      },
      tryLock: () => Promise.resolve(true),
      close() {},
    };
  }
}
