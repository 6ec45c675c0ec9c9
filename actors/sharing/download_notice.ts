/**
 * What is told of a download.
 *
 * @module
 */
import type { TorrentStatus } from "./torrent_status.ts";

/** What somebody who wants something fetched is told. */
export type DownloadNotice =
  /** How it stands; a few times a second. */
  | { readonly type: "download-progress"; readonly status: TorrentStatus }
  /** Something that a person wants to know. */
  | { readonly type: "download-note"; readonly text: string }
  /** All is there: under `name` in the directory. */
  | { readonly type: "download-done"; readonly name: string }
  /** Nothing will come of it. */
  | { readonly type: "download-failed"; readonly reason: string };
