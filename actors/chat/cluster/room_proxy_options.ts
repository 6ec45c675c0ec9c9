/**
 * What a room's actor on one server is given, and what it tells.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Ref } from "../../runtime/mod.ts";
import type { RoomCommand } from "../messages.ts";
import type { People } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import type { RoomMirror } from "./room_mirror.ts";
import type { ServerSession } from "./session.ts";

/** What the rooms of a server are told by one of them. */
export type RoomProxyNews =
  /** What is said of it in a list has changed. */
  | { readonly type: "room-changed"; readonly room: Ref<RoomCommand> }
  /** It has members of a server that may be gone since before this one came. */
  | { readonly type: "suspect"; readonly server: ServerLife }
  /** Nobody of any server is in it. */
  | { readonly type: "emptied"; readonly room: Ref<RoomCommand> }
  /** Nobody of this server is in it, after so many messages. */
  | { readonly type: "idle"; readonly room: Ref<RoomCommand>; readonly handled: number };

/** Options of a room's actor on one server. */
export interface RoomProxyOptions {
  readonly cluster: Cluster;
  readonly session: ServerSession;
  readonly people: People;
  /** The id of the room's entity. */
  readonly id: string;
  readonly name: ChatName;
  readonly hasFounder: boolean;
  readonly owner: Ref<RoomProxyNews>;
  /** Told of the mirror as soon as it is there. */
  readonly mirrored: (mirror: RoomMirror) => void;
}
