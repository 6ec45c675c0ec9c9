/**
 * What a person asks for, found: a name of the network, a `.torrent` file, a magnet link.
 *
 * @module
 */
import { hexBytes, hexText } from "../../protocols/_percent_bytes.ts";
import { isFileName } from "../../protocols/file_list.ts";
import { isMagnet, type Magnet, parseMagnet } from "../../protocols/magnet.ts";
import { MAX_METAINFO_BYTES, parseMetainfo, type TorrentInfo } from "../../protocols/metainfo.ts";
import { errorText, type World, WorldError } from "../world/world.ts";
import type { CatalogFile } from "./catalog.ts";
import { httpGet } from "./http_get.ts";
import { readCatalogFiles } from "./network_json.ts";
import { nodeUrl, type SharingNode } from "./nodes.ts";
import type { FetchOrder } from "./swarms_commands.ts";

/** What was found. */
export type Source =
  /** A torrent of which everything is known. `file` is the row of the network that it came from. */
  | { readonly type: "torrent"; readonly order: FetchOrder; readonly file?: CatalogFile }
  /** A torrent of which peers know the rest. */
  | { readonly type: "magnet"; readonly magnet: Magnet };

/** It cannot be fetched. The message is for people. */
export class SourceError extends Error {
  /** For `error.name`. */
  override readonly name = "SourceError";
  /** It may be different in a moment: no leader is elected now. */
  readonly isPassing: boolean;
  /** An error for people. */
  constructor(message: string, options: ErrorOptions & { readonly isPassing?: boolean } = {}) {
    super(message, options);
    this.isPassing = options.isPassing === true;
  }
}

const ASK_MS = 5000;
const HASHED_BYTES = 1024 * 1024;
const MAX_LIST_BYTES = 32 * 1024 * 1024;

/** Where to look. */
export interface SourceOptions {
  /** The world. */
  readonly world: Pick<World, "net" | "disk" | "clock" | "hash">;
  /** Whom to ask. */
  readonly nodes: readonly SharingNode[];
  /** Gives it up. */
  readonly signal: AbortSignal;
  /** Info hashes (hex) of which nothing came: of a name that stands for several files another is taken. */
  readonly avoid?: ReadonlySet<string>;
}

/**
 * Finds what is asked for: `magnet:…`, the path of a `.torrent` file, or else a name of the network.
 *
 * @throws {SourceError} that says why it cannot be fetched.
 */
export async function findSource(what: string, options: SourceOptions): Promise<Source> {
  try {
    if (isMagnet(what)) return { type: "magnet", magnet: parseMagnet(what) };
    if (what.endsWith(".torrent") && await isFileHere(what, options)) return await fromFile(what, options);
    return await fromNetwork(what, options);
  } catch (error) {
    if (error instanceof SourceError || options.signal.aborted) throw error;
    throw new SourceError(errorText(error), { cause: error });
  }
}

/** What is a path and cannot be looked at is no name of the network either: why is said. */
async function isFileHere(path: string, { world }: SourceOptions): Promise<boolean> {
  try {
    return (await world.disk.stat(path)).isFile;
  } catch (error) {
    if (path.includes("/")) throw error;
    return false;
  }
}

async function fromFile(path: string, options: SourceOptions): Promise<Source> {
  const { disk } = options.world;
  const { size } = await disk.stat(path);
  if (size > MAX_METAINFO_BYTES) {
    throw new SourceError(`Cannot take ${path}: it is longer than ${MAX_METAINFO_BYTES} bytes`);
  }
  return { type: "torrent", order: await orderOf(await disk.readFile(path), options) };
}

async function orderOf(metainfo: Uint8Array, { world }: SourceOptions): Promise<FetchOrder> {
  const { info, trackers } = parseMetainfo(metainfo);
  return { info, infoHash: await infoHashOf(info.bytes, world), trackers, peers: [] };
}

/** Hashes in steps of about half a millisecond: a dictionary of eight megabytes keeps nobody waiting. */
async function infoHashOf(bytes: Uint8Array, { hash, clock }: SourceOptions["world"]): Promise<Uint8Array> {
  const hasher = hash.start("SHA-1");
  for (let at = 0; at < bytes.length; at += HASHED_BYTES) {
    if (at > 0) await new Promise<void>((resolve) => void clock.timer(0, resolve));
    hasher.update(bytes.subarray(at, at + HASHED_BYTES));
  }
  return hasher.digest();
}

async function fromNetwork(name: string, options: SourceOptions): Promise<Source> {
  if (!isFileName(name)) {
    throw new SourceError(`Cannot fetch ${JSON.stringify(name)}: it is not the name of a file`);
  }
  const files = (await networkFiles(options)).filter((each) => each.name === name);
  const file = files.find(({ infoHash }) => options.avoid?.has(infoHash) !== true) ?? files[0];
  if (file === undefined) {
    // A leader that is new has not asked everybody yet.
    throw new SourceError(`Cannot fetch ${name}: nobody has it`, { isPassing: true });
  }
  const order = await torrentOf(file, options);
  const sha256 = hexBytes(file.sha256);
  const info = savedAs(name, order.info);
  return { type: "torrent", order: { ...order, info, ...(sha256 === undefined ? {} : { sha256 }) }, file };
}

/** The torrent of a file of the network. @throws {SourceError} when no node gives it. */
export async function torrentOf(
  { name, infoHash }: CatalogFile,
  options: SourceOptions,
): Promise<FetchOrder> {
  const metainfo = await askNodes(`/torrents/${infoHash}.torrent`, MAX_METAINFO_BYTES, options);
  const order = await orderOf(metainfo, options);
  if (hexText(order.infoHash) === infoHash && order.info.isSingleFile) return order;
  throw new SourceError(`Cannot fetch ${name}: the leader gave another torrent than it should have`);
}

/** The same bytes are one torrent, with the first of their names: here they have the one asked for. */
function savedAs(name: string, info: TorrentInfo): TorrentInfo {
  return { ...info, name, files: info.files.map((file) => ({ ...file, path: [name] })) };
}

/** All files of the network, from whichever node answers. @throws {SourceError} when none does. */
export async function networkFiles(options: SourceOptions): Promise<CatalogFile[]> {
  const bytes = await askNodes("/files", MAX_LIST_BYTES, options);
  return readCatalogFiles(JSON.parse(new TextDecoder().decode(bytes)));
}

/** Asks node after node; those that do not lead send on to the one that does. */
async function askNodes(path: string, maxBytes: number, options: SourceOptions): Promise<Uint8Array> {
  const { world, nodes, signal } = options;
  // What a node answers says more than that another could not be reached.
  let answer: string | undefined;
  let failure = "there are none";
  for (const node of nodes) {
    try {
      const { status, bytes } = await httpGet(world, nodeUrl(node, path), {
        timeoutMs: ASK_MS,
        maxBytes,
        signal,
      });
      if (status === 200) return bytes;
      answer = status === 503 ? "no leader is elected now" : `the leader answers with status ${status}`;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      failure = errorText(error);
    }
  }
  throw new SourceError(`Cannot ask the nodes: ${answer ?? failure}`, { isPassing: true });
}
