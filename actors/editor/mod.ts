/**
 * The collaborative editor: a plain text that many write together, a line at a time, and that outlives
 * crashes.
 *
 * @module
 */
export * from "./document.ts";
export * from "./editor_client.ts";
export * from "./editor_server.ts";
export { EditorListenError } from "./listen_error.ts";
export type { EditorWebOptions } from "./web_door.ts";
export type { Replica, ReplicaFactory, ReplicaOptions, UpdateVerdict } from "./replica.ts";
export type { TextEdit } from "./text_diff.ts";
export type {
  CollaborationCommand,
  CollaboratorEvent,
  DocumentQuery,
  DocumentText,
  VersionSummary,
} from "./collaboration_events.ts";
export type { LineServerOptions, TcpServerCommand } from "../net/mod.ts";
