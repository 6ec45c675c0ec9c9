/**
 * Where the other nodes find this one.
 *
 * @module
 */
import { type AcceptedFrame, acceptedFrames, greetingAnswer } from "../../protocols/peer_link.ts";
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
import type { DirectoryCommand, DirectoryList } from "./directory_watcher.ts";
import type { LinkConnection, LinkConnectionCommand, LinkConnectionEvent } from "./link_messages.ts";
import { LinkWire, newNonce } from "./link_wire.ts";
import { OccasionalWarnings } from "./occasional_warnings.ts";

/** A node has dialled, and said who it is. */
export interface PeerAccepted {
  readonly type: "accepted";
  /** Who it says it is. */
  readonly peer: number;
  /** It greeted as old nodes do. */
  readonly old: boolean;
  /** What it was given in the answer to its greeting; empty for an old node. */
  readonly nonce: string;
  /** To be adopted by a link, or told to part. */
  readonly connection: LinkConnection;
}

/** Options of {@linkcode peerListener}. */
export interface PeerListenerOptions {
  /** This node. */
  readonly ownId: number;
  /** All nodes, as `nodeList` has them: who dials is told. */
  readonly nodes: string;
  /** Where to listen. */
  readonly address: SocketAddress;
  /** Shared by all new nodes, if anything is: who does not know it is not passed on. */
  readonly secret: Uint8Array | undefined;
  /** Told who came. */
  readonly owner: Ref<PeerAccepted>;
  /** Asked for the names, for those who send `SEND`. */
  readonly directory: Ref<DirectoryCommand>;
  /** Limits on who connects. */
  readonly limits?: Partial<TcpLimits>;
  /** Milliseconds in which a stop lets connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** Who connects has so long to say what it wants. */
const FIRST_MESSAGE_MS = 5000;

type ConnectionMessage = LinkConnectionCommand | DirectoryList | { readonly type: "first-message-is-late" };

/**
 * Listens, answers `SEND`, and passes on who says `ID:<n>`.
 *
 * Its start fails with the `WorldError` of the listener when it cannot bind the address.
 */
export function peerListener(options: PeerListenerOptions): Behavior<TcpServerCommand> {
  const { ownId, address, limits, drainMs } = options;
  return (self) => {
    const warnings = new OccasionalWarnings(self.log, self.world.clock);
    return tcpServer<AcceptedFrame, ConnectionMessage>({
      address,
      frames: acceptedFrames,
      session: (connection) => new AcceptedSession(connection, options, warnings),
      ...(limits === undefined ? {} : { limits }),
      ...(drainMs === undefined ? {} : { drainMs }),
      onListening: (bound) =>
        self.log.plain(`Node ${ownId} is listening on ${formatAddress(bound)}`, { event: "listening" }),
    })(self);
  };
}

class AcceptedSession implements Session<AcceptedFrame, ConnectionMessage> {
  readonly #connection: Connection<ConnectionMessage>;
  readonly #handle: LinkConnection;
  readonly #options: PeerListenerOptions;
  readonly #warnings: OccasionalWarnings;
  readonly #wire: LinkWire;
  /** Who it says it is, and what it was given; 0 as long as it has said nothing, or for an old node. */
  #id = 0;
  #nonce = "";
  #isIntroduced = false;
  #asksForList = false;
  #link: Ref<LinkConnectionEvent> | undefined;
  #isDraining = false;

  constructor(
    connection: Connection<ConnectionMessage>,
    options: PeerListenerOptions,
    warnings: OccasionalWarnings,
  ) {
    this.#connection = connection;
    this.#handle = { actor: connection.self, remote: connection.remote };
    this.#options = options;
    this.#warnings = warnings;
    this.#wire = new LinkWire(connection, options.secret);
    connection.context.after(FIRST_MESSAGE_MS, { type: "first-message-is-late" });
  }

  frame(frame: AcceptedFrame): void {
    switch (frame.type) {
      case "send":
        this.#isIntroduced = this.#asksForList = true;
        this.#options.directory.tell({ type: "list", replyTo: this.#connection.self });
        return;
      case "id":
        if (frame.old) this.#introduce(frame.id, true);
        else this.#answer(frame.id);
        return;
      case "line":
        this.#read(frame.text);
        return;
      default:
        assertNever(frame);
    }
  }

  #answer(id: number): void {
    this.#id = id;
    this.#nonce = newNonce(this.#connection.context.world);
    const { ownId, nodes } = this.#options;
    this.#connection.sendText(greetingAnswer(ownId, this.#nonce, nodes));
    if (!this.#wire.needsProof) this.#introduce(id, false);
  }

  #introduce(peer: number, old: boolean): void {
    this.#isIntroduced = true;
    this.#options.owner.tell({
      type: "accepted",
      peer,
      old,
      nonce: this.#nonce,
      connection: this.#handle,
    });
    // What it says next is for the link that adopts it.
    if (!old) this.#connection.pause();
  }

  #read(line: string): void {
    if (this.#wire.needsProof) {
      const ends = { dialler: this.#id, acceptor: this.#options.ownId, acceptorNonce: this.#nonce };
      if (this.#wire.exchangeProofs(line, ends)) this.#introduce(this.#id, false);
      else {
        const { remote } = this.#connection;
        this.#warnings.warn(
          "secret",
          `Sent ${remote} away: it says that it is Node ${this.#id}, and does not know the secret`,
        );
        this.#connection.end();
      }
      return;
    }
    const message = this.#wire.read(line);
    if (message !== undefined) this.#link?.tell({ type: "received", connection: this.#handle, message });
  }

  message(message: ConnectionMessage): void {
    const connection = this.#connection;
    switch (message.type) {
      case "adopt":
        this.#link = message.link;
        this.#wire.goOn();
        return;
      case "say":
        // An old node is told nothing.
        if (this.#nonce !== "") this.#wire.say(message.message);
        return;
      case "go-on":
        this.#wire.goOn();
        return;
      case "part":
        connection.end();
        return;
      case "directory-list":
        connection.allowOutbound(message.bytes.length);
        connection.send(message.bytes);
        connection.end();
        return;
      case "first-message-is-late":
        if (!this.#isIntroduced) connection.end({ type: "idle" });
        return;
      default:
        assertNever(message);
    }
  }

  draining(): void {
    this.#isDraining = true;
    if (this.#link !== undefined && this.#nonce !== "") this.#wire.say({ type: "bye" });
  }

  closed(): void {
    const { context, remote, self } = this.#connection;
    if (this.#isDraining) {
      context.log.plain(`Connection lost with client: ${remote}`, { event: "disconnected" });
    }
    if (this.#asksForList) this.#options.directory.tell({ type: "forget", replyTo: self });
    this.#link?.tell({ type: "closed", connection: this.#handle, silently: false });
  }
}
