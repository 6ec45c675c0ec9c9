/**
 * What a link, its connections and the election tell each other.
 *
 * @module
 */
import type {
  ElectionMessage,
  FilesChanged,
  LinkMessage,
  PeerMessage,
} from "../../protocols/election_messages.ts";
import type { Ref } from "../runtime/mod.ts";
import type { PeerNode } from "./nodes.ts";

/** What a link tells the connections that it is made of. */
export type LinkConnectionCommand =
  /** Tell this link what comes. */
  | { readonly type: "adopt"; readonly link: Ref<LinkConnectionEvent> }
  | { readonly type: "say"; readonly message: PeerMessage }
  /** The message that came last has been handled: read on. */
  | { readonly type: "go-on" }
  /** Close, once what was said is sent. */
  | { readonly type: "part" };

/** One connection with the other node. The object is its identity. */
export interface LinkConnection {
  /** The connection's actor. */
  readonly actor: Ref<LinkConnectionCommand>;
  /** The other side, for people. */
  readonly remote: string;
}

/** What connections tell their link. Each reads no further until it is told to go on. */
export type LinkConnectionEvent =
  | { readonly type: "received"; readonly connection: LinkConnection; readonly message: PeerMessage }
  /** `silently`: the other side ended it without having sent anything. */
  | { readonly type: "closed"; readonly connection: LinkConnection; readonly silently: boolean };

/** What a link can be told. */
export type PeerLinkCommand =
  /** Whether the link is needed: only then it is dialled. */
  | { readonly type: "want"; readonly wanted: boolean }
  /** Close what there is, unless it is wanted again meanwhile. */
  | { readonly type: "drop" }
  | { readonly type: "say"; readonly message: PeerMessage }
  /** The other node has dialled, and said who it is. `nonce` is what it was given, empty for an old node. */
  | {
    readonly type: "accepted";
    readonly connection: LinkConnection;
    readonly old: boolean;
    readonly nonce: string;
  };

/** What a link tells the election. */
export type PeerLinkEvent =
  /** It begins, perhaps anew: there is no connection, and it knows nothing of what is wanted. */
  | { readonly type: "link-started"; readonly peer: number }
  | { readonly type: "link-up"; readonly peer: number }
  | { readonly type: "link-down"; readonly peer: number }
  | { readonly type: "refused"; readonly peer: number }
  | { readonly type: "old-up"; readonly peer: number }
  | { readonly type: "old-down"; readonly peer: number }
  /** `from` is to be told to go on once the message has been handled. */
  | {
    readonly type: "said";
    readonly peer: number;
    readonly message: ElectionMessage | FilesChanged;
    readonly from: Ref<LinkConnectionCommand>;
  };

/** Options of a link. */
export interface PeerLinkOptions {
  /** This node. */
  readonly ownId: number;
  /** The other node. */
  readonly peer: PeerNode;
  /** All nodes, as `nodeList` has them: with a node that was given others there is no link. */
  readonly nodes: string;
  /** Silence after which a link is given up. */
  readonly silenceMs: number;
  /** Shared by all new nodes, if anything is. */
  readonly secret: Uint8Array | undefined;
  /** Whether the other one is taken for an old node when it is proved to be one. */
  readonly mayBeOld: boolean;
  /** Told what happens. */
  readonly owner: Ref<PeerLinkEvent>;
}

/** Whether a message is about the link itself. */
export function isLinkMessage(message: PeerMessage): message is LinkMessage {
  const { type } = message;
  return type === "claim" || type === "claimed" || type === "welcome" || type === "rejected";
}
