/**
 * What files the network has, and who has them.
 *
 * @module
 */
import { isFileName } from "../../protocols/file_list.ts";
import { isCount, isHex, isRecord } from "./json_checks.ts";

/** A file as a node reports it. Hashes are hexadecimal digits. */
export interface ReportedFile {
  /** Its name at that node. */
  readonly name: string;
  /** Bytes. */
  readonly bytes: number;
  /** Of the whole. */
  readonly sha256: string;
  /** Of the torrent that the node would make of it. */
  readonly infoHash: string;
  /** SHA-1 of the hashes of all pieces: what says that two torrents have the same content. */
  readonly pieces: string;
}

/** What a node reports. */
export interface Inventory {
  /** The node. */
  readonly node: number;
  /** The port where it listens for peers. */
  readonly swarmPort: number;
  /** Its files. */
  readonly files: readonly ReportedFile[];
}

/** A file of the network: one name with one content. */
export interface CatalogFile {
  /** The name. */
  readonly name: string;
  /** Bytes. */
  readonly bytes: number;
  /** Of the whole. */
  readonly sha256: string;
  /** Of the one torrent of this content, whatever its names. */
  readonly infoHash: string;
  /** The nodes that have it under this name. */
  readonly nodes: readonly number[];
  /** The nodes that have the same bytes, under whatever name. */
  readonly holders: readonly number[];
}

/** The same bytes, whatever they are called. */
interface Content {
  readonly key: string;
  /** The first of its names, which gives the torrent its name, and that torrent. */
  readonly infoHash: string;
  readonly holders: readonly number[];
}

/** The most files that are taken from one node. */
const MAX_FILES_OF_NODE = 10_000;

/** All that the members have, looked up by name and by info hash. */
export class Catalog {
  /** Sorted by name; a name that stands for several contents has the one that most nodes have first. */
  readonly files: readonly CatalogFile[];
  readonly #contents: ReadonlyMap<string, Content>;
  readonly #byInfoHash = new Map<string, Content>();
  readonly #byName = new Map<string, CatalogFile>();

  /** What these nodes have. */
  constructor(inventories: readonly Inventory[]) {
    const reports = inventories.flatMap(({ node, files }) => files.map((file) => ({ node, file })));
    this.#contents = contentsOf(reports);
    const rows = new Map<string, { file: ReportedFile; content: Content; nodes: number[] }>();
    for (const { node, file } of reports) {
      const content = this.#contents.get(contentKey(file));
      if (content === undefined) continue;
      this.#byInfoHash.set(file.infoHash, content);
      const key = `${file.name}/${content.key}`;
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { file, content, nodes: [node] });
      else row.nodes.push(node);
    }
    this.files = [...rows.values()].map(({ file, content, nodes }) => ({
      name: file.name,
      bytes: file.bytes,
      sha256: file.sha256,
      infoHash: content.infoHash,
      nodes: nodes.sort(ascending),
      holders: content.holders,
    })).sort((a, b) =>
      compare(a.name, b.name) || b.holders.length - a.holders.length || (a.nodes[0] ?? 0) - (b.nodes[0] ?? 0)
    );
    for (const file of this.files) if (!this.#byName.has(file.name)) this.#byName.set(file.name, file);
  }

  /** The file of a name; of several contents that which most nodes have. */
  byName(name: string): CatalogFile | undefined {
    return this.#byName.get(name);
  }

  /** What the content of an info hash is called among contents, under whatever name it was made a torrent. */
  contentKey(infoHash: string): string | undefined {
    return this.#byInfoHash.get(infoHash)?.key;
  }

  /** The one info hash of a content, and the nodes that have it. */
  content(key: string): { readonly infoHash: string; readonly holders: readonly number[] } | undefined {
    return this.#contents.get(key);
  }
}

/** What tells contents apart: a node that gives a false SHA-256 makes a content of its own. */
function contentKey({ sha256, pieces, bytes }: ReportedFile): string {
  return `${sha256} ${pieces} ${bytes}`;
}

function contentsOf(
  reports: readonly { readonly node: number; readonly file: ReportedFile }[],
): Map<string, Content> {
  const contents = new Map<string, { first: ReportedFile; holders: Set<number> }>();
  for (const { node, file } of reports) {
    const key = contentKey(file);
    const known = contents.get(key);
    if (known === undefined) contents.set(key, { first: file, holders: new Set([node]) });
    else {
      known.holders.add(node);
      if (compare(file.name, known.first.name) < 0) known.first = file;
    }
  }
  return new Map(
    [...contents].map(([key, { first, holders }]) => [
      key,
      { key, infoHash: first.infoHash, holders: [...holders].sort(ascending) },
    ]),
  );
}

/**
 * Reads what a node reports, as it was parsed from JSON. Files that have no sense are left out.
 *
 * @throws {TypeError} on what is no report.
 */
export function readInventory(value: unknown, node: number): Inventory {
  if (!isRecord(value) || !Array.isArray(value.files) || !isPort(value.swarmPort)) {
    throw new TypeError(`Cannot read the files of Node ${node}: it is no list`);
  }
  const files = value.files.slice(0, MAX_FILES_OF_NODE).filter(isReportedFile);
  return { node, swarmPort: value.swarmPort, files };
}

function isReportedFile(value: unknown): value is ReportedFile {
  return isRecord(value) && typeof value.name === "string" && isFileName(value.name) &&
    isCount(value.bytes) &&
    isHex(value.sha256, 64) && isHex(value.infoHash, 40) && isHex(value.pieces, 40);
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535;
}

function ascending(a: number, b: number): number {
  return a - b;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
