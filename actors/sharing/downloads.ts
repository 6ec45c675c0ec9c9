/**
 * What people have asked this node to fetch.
 *
 * @module
 */
import { type Behavior, type Ref, stop, type StopReason, withPrivateMessages } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import { download } from "./download.ts";
import type { DownloadNotice } from "./download_notice.ts";
import type { SharingNode } from "./nodes.ts";
import type { SwarmsCommand } from "./swarms_commands.ts";

/** What {@linkcode downloads} can be told. */
export type DownloadsCommand = {
  /** Fetches something. */
  readonly type: "get";
  /** A name of the network, the path of a `.torrent` file, or a magnet link. */
  readonly what: string;
  /** Told how it goes. */
  readonly observer: Ref<DownloadNotice>;
};

/** Options of {@linkcode downloads}. */
export interface DownloadsOptions {
  /** Where files appear. */
  readonly directory: string;
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Who fetches. */
  readonly swarms: Ref<SwarmsCommand>;
}

/** The most downloads at once. */
const MAX_DOWNLOADS = 100;

interface Ended {
  readonly type: "ended";
  readonly observer: Ref<DownloadNotice>;
  readonly reason: StopReason;
}

/** Has each thing that is asked for fetched by an actor of its own; whoever asked is told of its end. */
export function downloads(options: DownloadsOptions): Behavior<DownloadsCommand> {
  return withPrivateMessages<DownloadsCommand, Ended>((self) => {
    let count = 0;
    return (message) => {
      if (message.type === "ended") return tellFailure(message);
      const { what, observer } = message;
      if (self.children().length >= MAX_DOWNLOADS) {
        return observer.tell({
          type: "download-failed",
          reason: "Cannot fetch it: too much is being fetched",
        });
      }
      const ref = self.spawn(`${++count}`, download({ ...options, what, observer }), { onFailure: stop() });
      self.watch(ref, (reason) => ({ type: "ended", observer, reason }));
    };
  });
}

/** A download that came to its end has told it itself. */
function tellFailure({ observer, reason }: Ended): void {
  if (reason.type !== "failed") return;
  observer.tell({ type: "download-failed", reason: `Cannot fetch it: ${errorText(reason.error)}` });
}
