/**
 * What nodes tell each other as JSON, read with care.
 *
 * @module
 */
import { isFileName } from "../../protocols/file_list.ts";
import type { PeerAddress } from "../../protocols/tracker.ts";
import type { CatalogFile } from "./catalog.ts";
import { isCount, isHex, isRecord } from "./json_checks.ts";
import type { WantingPeers } from "./tracker.ts";

const MAX_FILES = 100_000;
/** Nodes that have one file. */
const MAX_NODES = 1000;
const MAX_WANTED = 1000;
const MAX_PEERS = 200;

/**
 * Reads the files of the network; rows that make no sense are left out. @throws {TypeError} on what is no
 * list.
 */
export function readCatalogFiles(value: unknown): CatalogFile[] {
  if (!Array.isArray(value)) throw new TypeError("Cannot read the files of the network: no list");
  return value.slice(0, MAX_FILES).filter(isCatalogFile);
}

function isCatalogFile(value: unknown): value is CatalogFile {
  return isRecord(value) && typeof value.name === "string" && isFileName(value.name) &&
    isCount(value.bytes) &&
    isHex(value.sha256, 64) && isHex(value.infoHash, 40) && isCounts(value.nodes) && isCounts(value.holders);
}

/** Reads who wants what; rows that make no sense are left out. @throws {TypeError} on what is no list. */
export function readWanting(value: unknown): WantingPeers[] {
  if (!Array.isArray(value)) throw new TypeError("Cannot read who wants what: no list");
  return value.slice(0, MAX_WANTED).flatMap((row: unknown) => {
    if (!isRecord(row) || !isHex(row.infoHash, 40) || !Array.isArray(row.peers)) return [];
    return [{ infoHash: row.infoHash, peers: row.peers.slice(0, MAX_PEERS).filter(isPeerAddress) }];
  });
}

function isPeerAddress(value: unknown): value is PeerAddress {
  return isRecord(value) && typeof value.hostname === "string" &&
    /^[0-9A-Za-z.:_-]{1,253}$/.test(value.hostname) &&
    isCount(value.port) && value.port >= 1 && value.port <= 65535;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_NODES && value.every(isCount);
}
