/**
 * An open file of a simulated disk.
 *
 * @module
 */
import { failure } from "../failure.ts";
import type { DiskFile } from "../world.ts";
import type { DiskFailure } from "./disk_faults.ts";
import type { DiskOperation } from "./disk_faults.ts";
import type { DiskState } from "./disk_state.ts";
import type { FileNode } from "./file_node.ts";
import { never } from "./life.ts";

/** What a file needs of the disk as its life uses it. */
export interface FileUser {
  /** Whether this life has the operations that are done when they return. */
  readonly doesNow: boolean;
  readonly isAlive: boolean;
  perform<T>(
    operation: DiskOperation,
    path: string,
    work: (failing: DiskFailure | undefined) => T,
    contents?: Uint8Array,
  ): Promise<T>;
  performNow(operation: DiskOperation, path: string, work: (failing: DiskFailure | undefined) => void): void;
  trace(event: string, contents?: Uint8Array): void;
}

/** An open file. */
export class LifeFile implements DiskFile {
  readonly writeNow?: (bytes: Uint8Array, offset: number) => void;
  readonly #life: FileUser;
  readonly #disk: DiskState;
  readonly #path: string;
  readonly #node: FileNode;
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  #closed = false;

  constructor(life: FileUser, disk: DiskState, path: string, node: FileNode) {
    if (life.doesNow) this.writeNow = (bytes, offset) => this.#writeNow(bytes, offset);
    this.#life = life;
    this.#disk = disk;
    this.#path = path;
    this.#node = node;
    disk.opened(this, path);
  }

  read(buffer: Uint8Array, offset: number): Promise<number | null> {
    const doing = `read ${this.#path}`;
    return this.#inTurn("read", doing, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      if (buffer.length === 0) return 0;
      if (offset >= this.#node.size) return null;
      const part = this.#node.content.subarray(offset, offset + buffer.length);
      buffer.set(part);
      return part.length;
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    const doing = `write ${this.#path}`;
    return this.#inTurn(
      "write",
      doing,
      (failing) => this.#disk.write(this.#node, bytes, offset, doing, failing?.kind),
      bytes,
    );
  }

  #writeNow(bytes: Uint8Array, offset: number): void {
    const doing = `write ${this.#path}`;
    if (!this.#life.isAlive) return;
    if (this.#closed) throw failure("closed", doing);
    if (this.#underWay > 0) throw failure("other", `${doing} while something else is under way`);
    this.#life.trace(`${doing} now at ${offset}`, bytes);
    this.#life.performNow(
      "write",
      this.#path,
      (failing) => this.#disk.write(this.#node, bytes, offset, doing, failing?.kind),
    );
  }

  sync(): Promise<void> {
    const doing = `sync ${this.#path}`;
    return this.#inTurn("sync", doing, (failing) => {
      if (failing?.dropsPages) this.#node.dropUnsynced(this.#disk.random);
      if (failing !== undefined) throw failure(failing.kind, doing);
      this.#node.sync();
    });
  }

  truncate(length: number): Promise<void> {
    const doing = `truncate ${this.#path}`;
    return this.#inTurn("truncate", doing, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      this.#disk.truncate(this.#node, length);
    });
  }

  size(): Promise<number> {
    const doing = `look at ${this.#path}`;
    return this.#inTurn("stat", doing, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      return this.#node.size;
    });
  }

  tryLock(): Promise<boolean> {
    const doing = `lock ${this.#path}`;
    return this.#inTurn("lock", doing, (failing) => {
      if (failing !== undefined) throw failure(failing.kind, doing);
      return this.#disk.tryLock(this.#node, this);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#disk.closed(this, this.#node);
    const failing = this.#life.isAlive ? this.#disk.faults.takeFailure("close", this.#path) : undefined;
    if (failing !== undefined) throw failure(failing.kind, `close ${this.#path}`);
  }

  /** One after the other, as the real world does it. */
  #inTurn<T>(
    operation: DiskOperation,
    doing: string,
    work: (failing: DiskFailure | undefined) => T,
    contents?: Uint8Array,
  ): Promise<T> {
    if (!this.#life.isAlive) return never();
    this.#underWay++;
    const done = this.#last.then(() => {
      if (this.#closed) throw failure("closed", doing);
      return this.#life.isAlive ? this.#life.perform(operation, this.#path, work, contents) : never<T>();
    }).finally(() => this.#underWay--);
    this.#last = done.catch(() => {});
    return done;
  }
}
