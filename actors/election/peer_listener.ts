/**
 * Where the other nodes find this one.
 *
 * @module
 */
import { encodePeerMessage } from "../../protocols/election_messages.ts";
import { encodeFileList } from "../../protocols/file_list.ts";
import { type AcceptedFrame, acceptedFrames } from "../../protocols/peer_link.ts";
import {
  type Connection,
  formatAddress,
  type Session,
  type TcpLimits,
  tcpServer,
  type TcpServerCommand,
} from "../net/mod.ts";
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { FolderCommand, FolderContent } from "./folder_watcher.ts";
import type { LinkConnection, LinkConnectionCommand, LinkConnectionEvent } from "./peer_link.ts";

/** A node has dialled, and said who it is. */
export interface PeerAccepted {
  /** Tag of the message. */
  readonly type: "accepted";
  /** Who it says it is. */
  readonly peer: number;
  /** It greeted as old nodes do. */
  readonly old: boolean;
  /** To be adopted by a link, or told to part. */
  readonly connection: LinkConnection;
}

/** Options of {@linkcode peerListener}. */
export interface PeerListenerOptions {
  /** This node. */
  readonly ownId: number;
  /** Where to listen. */
  readonly address: SocketAddress;
  /** Told who came. */
  readonly owner: Ref<PeerAccepted>;
  /** Asked for the names, for those who send `SEND`. */
  readonly folder: Ref<FolderCommand>;
  /** Limits on who connects. */
  readonly limits?: Partial<TcpLimits>;
  /** Milliseconds in which a stop lets connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** Who connects has so long to say what it wants. */
const FIRST_MESSAGE_MS = 5000;

type ConnectionMessage = LinkConnectionCommand | FolderContent | { readonly type: "first-message-is-late" };

/** Listens, answers `SEND`, and passes on who says `ID:<n>`. Its start fails when the address is not to be had. */
export function peerListener(options: PeerListenerOptions): Behavior<TcpServerCommand> {
  const { ownId, address, limits, drainMs } = options;
  return (self) =>
    tcpServer<AcceptedFrame, ConnectionMessage>({
      address,
      frames: acceptedFrames,
      session: (connection) => new AcceptedSession(connection, options),
      ...(limits === undefined ? {} : { limits }),
      ...(drainMs === undefined ? {} : { drainMs }),
      onListening: (bound) => self.log.plain(`Node ${ownId} is listening on ${formatAddress(bound)}`),
    })(self);
}

class AcceptedSession implements Session<AcceptedFrame, ConnectionMessage> {
  readonly #connection: Connection<ConnectionMessage>;
  readonly #handle: LinkConnection;
  readonly #options: PeerListenerOptions;
  #introduced = false;
  #link: Ref<LinkConnectionEvent> | undefined;
  #knowsMore = false;
  #draining = false;

  constructor(connection: Connection<ConnectionMessage>, options: PeerListenerOptions) {
    this.#connection = connection;
    this.#handle = { actor: connection.self, remote: connection.remote };
    this.#options = options;
    connection.context.after(FIRST_MESSAGE_MS, { type: "first-message-is-late" });
  }

  frame(frame: AcceptedFrame): void {
    const { owner, folder } = this.#options;
    this.#introduced = true;
    switch (frame.type) {
      case "send":
        folder.tell({ type: "list", replyTo: this.#connection.self });
        return;
      case "id":
        this.#knowsMore = !frame.old;
        owner.tell({ type: "accepted", peer: frame.id, old: frame.old, connection: this.#handle });
        return;
      case "message":
        this.#link?.tell({ type: "received", connection: this.#handle, message: frame.message });
        return;
      default:
        assertNever(frame);
    }
  }

  message(message: ConnectionMessage): void {
    const connection = this.#connection;
    switch (message.type) {
      case "adopt":
        this.#link = message.link;
        return;
      case "say":
        connection.sendText(message.text);
        return;
      case "part":
        connection.end();
        return;
      case "folder": {
        const list = new TextEncoder().encode(encodeFileList(message.names));
        connection.allowOutbound(list.length);
        connection.send(list);
        connection.end();
        return;
      }
      case "first-message-is-late":
        if (!this.#introduced) connection.end({ type: "idle" });
        return;
      default:
        assertNever(message);
    }
  }

  draining(): void {
    this.#draining = true;
    if (this.#knowsMore && this.#link !== undefined) {
      this.#connection.sendText(encodePeerMessage({ type: "bye" }) + "\n");
    }
  }

  closed(): void {
    if (this.#draining) {
      this.#connection.context.log.plain(`Connection lost with client: ${this.#connection.remote}`);
    }
    this.#link?.tell({ type: "closed", connection: this.#handle, silently: false });
  }
}
