/**
 * A connection that this node dialled.
 *
 * @module
 */
import { type DialledFrame, dialledFrames, greeting } from "../../protocols/peer_link.ts";
import { type CloseReason, type Connection, dialer, type DialerCommand, type Session } from "../net/mod.ts";
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import type { SocketAddress } from "../world/world.ts";
import type { LinkConnection, LinkConnectionCommand, LinkConnectionEvent } from "./link_messages.ts";
import { LinkWire } from "./link_wire.ts";
import { isRefusal } from "./list_fetch.ts";

/** What a dialled connection tells its link, besides what every connection does. */
export type DialledEvent =
  | { readonly type: "dialled"; readonly connection: LinkConnection }
  /** The greeting was answered, and the secret proved where there is one. */
  | {
    readonly type: "hello";
    readonly connection: LinkConnection;
    readonly id: number;
    readonly nonce: string;
    readonly nodes: string;
  }
  /** Who answered does not know the secret. */
  | { readonly type: "unproved"; readonly connection: LinkConnection }
  | { readonly type: "dial-failed"; readonly refused: boolean };

/** How long an attempt to dial may take. */
const DIAL_MS = 1000;

/** Dials once. */
export function linkDial(address: SocketAddress, options: DialledSessionOptions): Behavior<DialerCommand> {
  return dialer<DialledFrame, LinkConnectionCommand>({
    address,
    frames: dialledFrames,
    session: (connection) => new DialledSession(connection, options),
    reconnect: false,
    connectTimeoutMs: DIAL_MS,
    down: ({ wasUp, reason }) => {
      if (!wasUp) options.link.tell({ type: "dial-failed", refused: isRefusal(reason) });
    },
  });
}

/** Options of {@linkcode linkDial}. */
export interface DialledSessionOptions {
  /** This node. */
  readonly ownId: number;
  /** Shared by all nodes. */
  readonly secret: Uint8Array | undefined;
  /** Told what comes. */
  readonly link: Ref<LinkConnectionEvent | DialledEvent>;
}

/** Greets, and passes on what comes, one message at a time. */
class DialledSession implements Session<DialledFrame, LinkConnectionCommand> {
  readonly #connection: Connection<LinkConnectionCommand>;
  readonly #handle: LinkConnection;
  readonly #options: DialledSessionOptions;
  readonly #wire: LinkWire;
  #hello: { readonly id: number; readonly nonce: string; readonly nodes: string } | undefined;

  constructor(connection: Connection<LinkConnectionCommand>, options: DialledSessionOptions) {
    this.#connection = connection;
    this.#handle = { actor: connection.self, remote: connection.remote };
    this.#options = options;
    this.#wire = new LinkWire(connection, options.secret);
    connection.sendText(greeting(options.ownId));
    options.link.tell({ type: "dialled", connection: this.#handle });
  }

  frame(frame: DialledFrame): void {
    const { ownId, link } = this.#options;
    if (frame.type === "hello") {
      const { id, nonce, nodes } = frame;
      this.#hello = { id, nonce, nodes };
      if (this.#wire.needsProof) {
        this.#wire.sendProof({ dialler: ownId, acceptor: id, acceptorNonce: nonce });
      } else link.tell({ type: "hello", connection: this.#handle, ...this.#hello });
    } else if (this.#wire.needsProof) {
      const isProved = this.#hello !== undefined && this.#wire.readProof(frame.text);
      if (isProved && this.#hello !== undefined) {
        link.tell({ type: "hello", connection: this.#handle, ...this.#hello });
      } else {
        link.tell({ type: "unproved", connection: this.#handle });
        this.#connection.end();
      }
    } else {
      const message = this.#wire.read(frame.text);
      if (message !== undefined) link.tell({ type: "received", connection: this.#handle, message });
    }
  }

  message(command: LinkConnectionCommand): void {
    switch (command.type) {
      case "say":
        this.#wire.say(command.message);
        return;
      case "go-on":
        this.#wire.goOn();
        return;
      case "part":
        this.#connection.end();
        return;
      case "adopt":
        return;
      default:
        assertNever(command);
    }
  }

  draining(): void {
    if (this.#hello !== undefined) this.#wire.say({ type: "bye" });
  }

  closed(reason: CloseReason): void {
    const silently = reason.type === "ended" && this.#hello === undefined;
    this.#options.link.tell({ type: "closed", connection: this.#handle, silently });
  }
}
