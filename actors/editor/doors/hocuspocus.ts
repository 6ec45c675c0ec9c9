/**
 * The editor's door for `@hocuspocus/provider`: the y-protocols behind the name of a document, one document a
 * connection.
 *
 * @module
 */
import {
  decodeHocuspocus,
  encodeHocuspocus,
  type HocuspocusMessage,
  wrapHocuspocus,
} from "../../../protocols/hocuspocus.ts";
import { type YMessage, YProtocolError } from "../../../protocols/y_sync.ts";
import type {
  Session,
  WebSocketConnection,
  WebSocketMessage,
  WebSocketSessionFactory,
} from "../../net/mod.ts";
import type { Ref } from "../../runtime/mod.ts";
import { VIOLATION } from "../collaboration.ts";
import type { DocumentCommand } from "../document_events.ts";
import { UNSUPPORTED, WebSession, type WebSessionMessage, type WebSessionWire } from "./web.ts";

/** Options of {@linkcode hocuspocusSession}. */
export interface HocuspocusSessionOptions {
  /** Finds the document of this name. Rejects with an error whose message is for the client. */
  readonly find: (name: string) => Promise<Ref<DocumentCommand>>;
  readonly mayEdit: boolean;
}

const NORMAL = 1000;
/** Before each message to the client: the longest name of a document, and what tells sessions apart. */
const MAX_KEY_BYTES = 512;
/** An update without anything in it, which a client sends that has nothing new. */
const EMPTY_UPDATE_BYTES = 2;

/** Serves one client. Who it is, the request has said: the token in its messages is not looked at. */
export function hocuspocusSession(
  options: HocuspocusSessionOptions,
): WebSocketSessionFactory<WebSessionMessage> {
  return (connection) => new HocuspocusSession(connection, options);
}

class HocuspocusSession implements Session<WebSocketMessage, WebSessionMessage> {
  readonly #connection: WebSocketConnection<WebSessionMessage>;
  readonly #options: HocuspocusSessionOptions;
  /** What the client calls its document, once it has said so, and who serves it there. */
  #document: { readonly key: string; readonly session: WebSession } | undefined;
  /** What it has said first, until the document is found. */
  #first: YMessage | undefined;

  constructor(
    connection: WebSocketConnection<WebSessionMessage>,
    options: HocuspocusSessionOptions,
  ) {
    this.#connection = connection;
    this.#options = options;
    connection.awaitLogin();
  }

  frame(frame: WebSocketMessage): void {
    if (typeof frame === "string") return this.#connection.close(UNSUPPORTED, "a message is a text");
    try {
      this.#take(decodeHocuspocus(frame));
    } catch (error) {
      if (!(error instanceof YProtocolError)) throw error;
      this.#connection.close(VIOLATION, error.message);
    }
  }

  message(event: WebSessionMessage): void {
    this.#document?.session.message(event);
    if (event.type !== "found" || this.#first === undefined) return;
    this.#document?.session.take(this.#first);
    this.#first = undefined;
  }

  closed(): void {
    this.#document?.session.closed();
  }

  #take({ key, name, content, bytes }: HocuspocusMessage): void {
    if (ENCODER.encode(key).length > MAX_KEY_BYTES) {
      throw new YProtocolError(`the name of a document is longer than ${MAX_KEY_BYTES} bytes`);
    }
    const isFirst = this.#document === undefined;
    const { key: ownKey, session } = this.#document ??= this.#enter(key, name);
    if (key !== ownKey) {
      const reason = "a connection is for one document here";
      return this.#connection.send(encodeHocuspocus(key, { type: "permission-denied", reason }));
    }
    switch (content.type) {
      case "token": {
        const scope = this.#options.mayEdit ? "read-write" : "readonly";
        return this.#connection.send(encodeHocuspocus(key, { type: "authenticated", scope }));
      }
      case "close":
        return this.#connection.close(NORMAL, "");
      case "awareness":
        // The provider takes a connection for dead on which it hears nothing, not even of itself.
        this.#connection.send(wrapHocuspocus(key, bytes));
    }
    if (isFirst) this.#first = content;
    else session.take(content);
  }

  #enter(key: string, name: string): { readonly key: string; readonly session: WebSession } {
    this.#connection.loggedIn();
    const { find, mayEdit } = this.#options;
    const wire: WebSessionWire = {
      wrap: (frame) => wrapHocuspocus(key, frame),
      saved: (more) => Array<Uint8Array>(more).fill(encodeHocuspocus(key, SAVED)),
      denied: (message) => encodeHocuspocus(key, { type: "sync-status", isSaved: isNothingNew(message) }),
    };
    return { key, session: new WebSession(this.#connection, { find: () => find(name), mayEdit, wire }) };
  }
}

const ENCODER = new TextEncoder();
const SAVED = { type: "sync-status", isSaved: true } as const;

function isNothingNew(message: YMessage): boolean {
  return message.type === "sync-step-2" && message.update.length <= EMPTY_UPDATE_BYTES;
}
