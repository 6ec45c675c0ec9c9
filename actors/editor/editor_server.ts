/**
 * The collaborative editor's server.
 *
 * @module
 */
import { lineFrames } from "../../protocols/frames.ts";
import {
  type LineServerOptions,
  type TcpLimits,
  tcpServer,
  type TcpServerCommand,
  type TcpServerOptions,
} from "../net/mod.ts";
import { assertNever, type Behavior, escalate, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { errorText, type SocketAddress } from "../world/world.ts";
import { type DocumentCommand, type DocumentOptions, sharedDocument, type SyncPolicy } from "./document.ts";
import { editorSession, type EditorSessionMessage } from "./doors/line.ts";
import { EditorListenError } from "./listen_error.ts";
import { type EditorWebOptions, webDoor } from "./web_door.ts";

/** Options of {@linkcode editorServer}. */
export interface EditorServerOptions extends LineServerOptions {
  /** The document's file; it is made when it is not there. */
  readonly file: string;
  /** When an update counts as saved. @default "always" */
  readonly sync?: SyncPolicy;
  /** Opens the web door as well. @default line clients only */
  readonly web?: EditorWebOptions;
  /**
   * With what the file is brought up to its history after a crash, also where the web door, whose edits are
   * in the history, is not opened this time. @default the web door's
   */
  readonly recovery?: Pick<DocumentOptions, "replica" | "maxDocumentBytes" | "textName">;
}

/**
 * What an editor's server can be asked: what any TCP server can, and for the document, to join it in other
 * ways.
 */
export type EditorServerCommand =
  | TcpServerCommand
  | { readonly type: "get-document"; readonly replyTo: Ref<Ref<DocumentCommand>> };

type Private = { readonly type: "opened" | "listening" };

/**
 * The collaborative editor: a document, and a listener whose connections are its members.
 *
 * It fails with a {@linkcode DocumentError} when the file cannot be opened, with an
 * {@linkcode EditorListenError} when the port cannot.
 *
 * @example
 * ```ts no-assert
 * import { editorServer } from "@troupe/actors/editor";
 *
 * const behavior = editorServer({ address: { hostname: "127.0.0.1", port: 8080 }, file: "notes.txt" });
 * ```
 */
export function editorServer(options: EditorServerOptions): Behavior<EditorServerCommand> {
  const { file, sync = "always", onListening, limits, web, recovery } = options;
  return withPrivateMessages<EditorServerCommand, Private>((self) => {
    const document: Ref<DocumentCommand> = self.spawn(
      "document",
      sharedDocument({
        path: file,
        sync,
        ...recovery,
        ...web,
        opened: () => self.self.tell({ type: "opened" }),
      }),
      { onFailure: escalate() },
    );
    const listener = (): Behavior<TcpServerCommand> =>
      explained(options.address, {
        ...options,
        frames: () => lineFrames(options),
        session: editorSession({ document, maxOutboundBytes: limits?.maxOutboundBytes ?? 1 << 20 }),
        onListening: (address) => {
          self.log.info(`Server listening on port ${address.port}`, { event: "listening", ...address, file });
          onListening?.(address);
          self.self.tell({ type: "listening" });
        },
      });
    let server: Ref<TcpServerCommand> | undefined;
    return (message) => {
      switch (message.type) {
        case "opened":
          server = self.spawn("listener", listener(), {
            onFailure: escalate(),
            ...(options.drainMs === undefined ? {} : { shutdownMs: options.drainMs }),
          });
          return self.stash.unstashAll();
        case "listening":
          if (web !== undefined) {
            self.spawn(
              "web",
              webDoor(document, { path: file, sync }, {
                ...web,
                limits: { ...webLimits(limits), ...web.limits },
                ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
              }),
              {
                onFailure: escalate(),
                ...(options.drainMs === undefined ? {} : { shutdownMs: options.drainMs }),
              },
            );
          }
          return;
        case "get-document":
          return message.replyTo.tell(document);
        case "get-address":
        case "get-client-count":
          if (server === undefined) self.stash.push(message);
          else server.tell(message);
          return;
        default:
          assertNever(message);
      }
    };
  });
}

/** Of the line door's limits those that browsers have too: how many and how silent are other matters. */
function webLimits(limits: Partial<TcpLimits> = {}): Partial<TcpLimits> {
  const { maxClients: _clients, idleTimeoutMs: _idle, ...shared } = limits;
  return shared;
}

/** A TCP server that says in the editor's words why it could not start. */
function explained(
  address: SocketAddress,
  options: TcpServerOptions<string, EditorSessionMessage>,
): Behavior<TcpServerCommand> {
  return async (self) => {
    try {
      return await tcpServer(options)(self);
    } catch (error) {
      const why = errorText(error);
      throw new EditorListenError(`Server error: Unable to start server on port ${address.port}: ${why}`, {
        cause: error,
      });
    }
  };
}
