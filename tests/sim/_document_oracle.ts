/**
 * What a document's disk must hold after each end of its server: all that anybody was told of.
 *
 * @module
 */
import { assert } from "@std/assert";
import * as Y from "yjs";
import { historyCodec } from "../../actors/editor/history.ts";
import { historyPath } from "../../actors/editor/open_history.ts";
import { crc32c } from "../../actors/store/_crc32c.ts";
import type { SimDisk } from "../../actors/world/sim/mod.ts";

/** Everything that is written is of these, each written by one, once: browsers' words, lines, and saves. */
const TOKEN = /<w\d+x\d+>|[lp]\d+x\d+\./g;

/** The tokens in a text, in their order. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** How often each token is in a text. */
export function countTokens(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokensOf(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** A text without its tokens and line ends. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, "").replaceAll("\n", "");
}

/** What one connection was told, from its beginning to now. */
export interface Told {
  /** Tokens that it was told of, or that it had sent and was told are saved. */
  tokens(): Iterable<string>;
  /** Tokens that it had removed, and was told that this is saved. */
  removed(): Iterable<string>;
}

/** Somebody with connections to the server, one after the other. */
export interface Witness {
  readonly connections: readonly Told[];
}

/** The disk at the beginning of one life of the server, and how far the witnesses were. */
interface Restart {
  readonly history: Uint8Array;
  readonly file: string;
  readonly connections: readonly number[];
}

/**
 * Remembers what the disk holds at each beginning of the server, and compares it with what witnesses were
 * told by the lives before: also with what was on its way to them when those ended.
 */
export class DocumentOracle {
  readonly #path: string;
  readonly #witnesses: readonly Witness[];
  readonly #restarts: Restart[] = [];

  constructor(path: string, witnesses: readonly Witness[]) {
    this.#path = path;
    this.#witnesses = witnesses;
  }

  /** The server is about to begin with what is on this disk. */
  begins(disk: SimDisk): void {
    this.#restarts.push({
      history: disk.read(historyPath(this.#path)) ?? new Uint8Array(0),
      file: disk.readText(this.#path) ?? "",
      connections: this.#witnesses.map(({ connections }) => connections.length),
    });
  }

  /** @param isRemoving whether somebody has ever begun to remove a token: then it may be there or not */
  check(isRemoving: (token: string) => boolean): void {
    for (const [life, restart] of this.#restarts.entries()) this.#checkOne(life, restart, isRemoving);
  }

  #checkOne(life: number, restart: Restart, isRemoving: (token: string) => boolean): void {
    const counts = countTokens(readHistory(restart.history));
    for (const [token, count] of counts) assert(count === 1, `${token} is ${count} times in the history`);
    // Of lines that come while nobody is at the web door the history knows nothing.
    const inFile = countTokens(restart.file);
    for (const [index, { connections }] of this.#witnesses.entries()) {
      for (const told of connections.slice(0, restart.connections[index])) {
        for (const token of told.tokens()) {
          const isThere = counts.has(token) || inFile.has(token) || isRemoving(token);
          assert(isThere, `${token} was told of, and is not on the disk at restart ${life}`);
        }
        for (const token of told.removed()) {
          assert(!counts.has(token), `${token} was removed, and is in the history at restart ${life}`);
        }
      }
    }
  }
}

/** The text that a history comes to, read by other means than the server's. */
export function readHistory(bytes: Uint8Array): string {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const record of recordsOf(bytes)) {
      const event = historyCodec.decode(record);
      if (event?.type === "update") Y.applyUpdate(doc, event.update);
    }
  });
  const text = doc.getText("content").toString();
  doc.destroy();
  return text;
}

/** Records whose checksums are right: each has its length and a CRC-32C before it. */
function* recordsOf(bytes: Uint8Array): Iterable<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    const record = bytes.subarray(at + 8, end);
    const isWhole = end > at + 8 && end <= bytes.length &&
      crc32c(record, crc32c(bytes.subarray(at, at + 4))) === view.getUint32(at + 4);
    if (isWhole) yield record;
    at = isWhole ? end : at + 1;
  }
}
