/**
 * The chat room.
 *
 * @module
 */
export { chatEntities } from "./cluster/mod.ts";
export { type ChatIrcOptions, chatServer, type ChatServerOptions } from "./chat_server.ts";
export type { LineServerOptions, TcpServerCommand, WebServerOptions } from "../net/mod.ts";
export type { TokenBucketOptions } from "../../protocols/token_bucket.ts";
