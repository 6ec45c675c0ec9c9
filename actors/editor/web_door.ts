/**
 * The editor's web door.
 *
 * @module
 */
import { type TcpServerCommand, webServer, type WebServerOptions } from "../net/mod.ts";
import { type Behavior, escalate, type Ref } from "../runtime/mod.ts";
import { lockNames } from "../store/lock.ts";
import { errorText } from "../world/world.ts";
import type { DocumentCommand, SyncPolicy } from "./document_events.ts";
import { documents } from "./documents.ts";
import { editorRoutes } from "./doors/http.ts";
import type { WebSessionMessage } from "./doors/web.ts";
import { EditorListenError } from "./listen_error.ts";
import type { ReplicaFactory } from "./replica.ts";

/** Options of the editor's web door. */
export interface EditorWebOptions extends Omit<WebServerOptions, "tokens"> {
  /** Who has it may edit. @default everybody may, where there is no `readToken` either */
  readonly token?: string;
  /** Who has it may read. */
  readonly readToken?: string;
  /** Loads what merges concurrent edits: `yjsReplica` of `yjs_replica.ts`. */
  readonly replica: () => Promise<ReplicaFactory>;
  /** A directory in which every `NAME.txt` is a document of its own. @default the one document */
  readonly directory?: string;
  /** Bytes of a text, as UTF-8, up to which it can be edited together. @default 16777216 */
  readonly maxDocumentBytes?: number;
  /** The name of the text in the clients' documents. @default "content" */
  readonly textName?: string;
  /**
   * Milliseconds without a client of this door after which a document is edited by lines alone again.
   * @default 60000
   */
  readonly desertedMs?: number;
  /**
   * No history is taken to need fewer bytes than these: it is compacted when it is four times what it needs.
   * @default 262144
   */
  readonly compactBytes?: number;
}

/** The document of the line door, and how it is kept. */
interface LineDocument {
  readonly path: string;
  readonly sync: SyncPolicy;
}

/** Opens the web door: the documents of a directory, where there is one, and the server. */
export function webDoor(
  document: Ref<DocumentCommand>,
  { path, sync }: LineDocument,
  options: EditorWebOptions,
): Behavior<never> {
  return async (self) => {
    const { directory, ...rest } = options;
    if (directory !== undefined) {
      const lock = await lockNames(self.world.disk, [directory]);
      self.onStop(() => lock.release());
    }
    const { replica, maxDocumentBytes = 1 << 24, textName = "content", drainMs } = options;
    const many = directory === undefined ? {} : {
      directory: {
        path: directory,
        disk: self.world.disk,
        documents: self.spawn(
          "documents",
          documents({ directory, line: { path, document }, sync, replica, maxDocumentBytes, textName }),
        ),
      },
    };
    const server = webServer<WebSessionMessage>(
      { ...options, tokens: { "token": options.token, "read-token": options.readToken } },
      editorRoutes({ ...rest, ...many, document, textName }),
    );
    self.spawn("server", explained(server, options.address.port), {
      onFailure: escalate(),
      ...(drainMs === undefined ? {} : { shutdownMs: drainMs }),
    });
    return () => {};
  };
}

/** The server, which says in the editor's words why it could not start. */
function explained(server: Behavior<TcpServerCommand>, port: number): Behavior<TcpServerCommand> {
  return async (self) => {
    try {
      return await server(self);
    } catch (error) {
      const why = errorText(error);
      throw new EditorListenError(`Server error: Unable to open the web door on port ${port}: ${why}`, {
        cause: error,
      });
    }
  };
}
