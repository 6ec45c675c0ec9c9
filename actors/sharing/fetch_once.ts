/**
 * Fetching one thing, by itself: for a command that ends when it is there.
 *
 * @module
 */
import { type Behavior, escalate, type Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import { bandwidth } from "./bandwidth.ts";
import { download } from "./download.ts";
import type { DownloadNotice } from "./download_notice.ts";
import type { SharingNode } from "./nodes.ts";
import { makePeerId } from "./peer_id.ts";
import { swarmListener } from "./swarm_listener.ts";
import { swarms } from "./swarms.ts";

/** Options of {@linkcode fetchOnce}. */
export interface FetchOnceOptions {
  /** A name of the network, the path of a `.torrent` file, or a magnet link. */
  readonly what: string;
  /** Where it appears. */
  readonly directory: string;
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Where to listen for peers: what is there is given while the rest is fetched. */
  readonly listen: SocketAddress;
  /** Bytes a second that may be sent; 0 is no limit. @default 0 */
  readonly maxUpload?: number;
  /** Bytes a second that may be fetched; 0 is no limit. @default 0 */
  readonly maxDownload?: number;
  /** Told how it goes; after `download-done` or `download-failed` nothing more happens. */
  readonly observer: Ref<DownloadNotice>;
}

/** Fetches one thing, and gives of it to others while it does. */
export function fetchOnce(options: FetchOnceOptions): Behavior<never> {
  return (self) => {
    const { what, directory, nodes, observer, maxUpload = 0, maxDownload = 0 } = options;
    const peerId = makePeerId(self.world.random);
    const upload = maxUpload > 0 ? self.spawn("upload", bandwidth(maxUpload)) : undefined;
    const downloadLimit = maxDownload > 0 ? self.spawn("download-limit", bandwidth(maxDownload)) : undefined;
    let port = options.listen.port;
    const session = () => ({
      peerId,
      listenPort: port,
      client: CLIENT,
      ...(upload === undefined ? {} : { upload }),
    });
    const swarmsRef = self.spawn(
      "swarms",
      swarms({ directory, session, ...(downloadLimit === undefined ? {} : { download: downloadLimit }) }),
      { onFailure: escalate() },
    );
    self.spawn(
      "peers",
      swarmListener({
        address: options.listen,
        session: () => ({ ...session(), swarms: swarmsRef }),
        onListening: (address) => {
          port = address.port;
        },
      }),
      { onFailure: escalate() },
    );
    self.spawn("download", download({ what, directory, nodes, swarms: swarmsRef, observer }), {
      onFailure: escalate(),
    });
    return () => {};
  };
}

/** What peers are told of this program. */
export const CLIENT = "Troupe";
