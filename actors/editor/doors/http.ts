/**
 * What the editor's web door answers: the page, the text, its versions, and the WebSocket.
 *
 * @module
 */
import {
  HttpError,
  type HttpResponse,
  type HttpRoute,
  isSameToken,
  jsonResponse,
  type Route,
  type RoutedRequest,
  type StaticFiles,
  staticResponse,
  staticRoute,
  textResponse,
  tokenOf,
  withETag,
} from "../../net/mod.ts";
import { ActorStopped, type Ref } from "../../runtime/mod.ts";
import { type Disk, isNotFound } from "../../world/world.ts";
import type { DocumentCommand, DocumentEvent } from "../document_events.ts";
import { type DocumentsCommand, isDocumentName } from "../documents.ts";
import { hocuspocusSession } from "./hocuspocus.ts";
import { MAX_MESSAGE_BYTES, webSession, type WebSessionMessage } from "./web.ts";

/** Options of {@linkcode editorRoutes}. */
export interface EditorRoutesOptions {
  /** The document of the line door. */
  readonly document: Ref<DocumentCommand>;
  /** A directory of documents, each under its name. @default the one document */
  readonly directory?: {
    readonly path: string;
    readonly documents: Ref<DocumentsCommand>;
    readonly disk: Disk;
  };
  /** The page's files. @default no page */
  readonly pages?: StaticFiles;
  /** Who has it may edit. @default everybody may, where there is no `readToken` either */
  readonly token?: string;
  /** Who has it may read. */
  readonly readToken?: string;
  /** The name of the text in the clients' documents: the page asks for it. */
  readonly textName: string;
}

const ASK_MS = 10_000;
const PIECE_BYTES = 1 << 16;
const MAX_NAME_CHARACTERS = 100;
const UTF8 = new TextDecoder("utf-8");

/** The routes, with and without the name of a document. */
export function editorRoutes(options: EditorRoutesOptions): Route<WebSessionMessage>[] {
  const door = new EditorDoor(options);
  const { pages } = options;
  return [
    ...["/sync", "/sync/:name"].map((path): Route<WebSessionMessage> => ({
      path,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      admit: (request) => door.admit(request),
      webSocket: (connection) => {
        const { request } = connection;
        const mayEdit = door.mayEdit(request);
        return webSession({
          find: () => door.find(request, { makes: mayEdit }),
          mayEdit,
          wantsAcks: new URLSearchParams(request.query).has("acks"),
        })(connection);
      },
    })),
    {
      path: "/hocuspocus",
      maxMessageBytes: MAX_MESSAGE_BYTES,
      admit: (request) => door.admit(request),
      webSocket: (connection) => {
        const { request } = connection;
        const mayEdit = door.mayEdit(request);
        return hocuspocusSession({
          find: (name) => door.find({ params: { name } }, { makes: mayEdit }),
          mayEdit,
        })(connection);
      },
    },
    ...door.both("/document", "GET", (request) => door.text(request)),
    ...door.both("/versions", "GET", (request) => door.versions(request)),
    ...door.both("/versions", "POST", (request) => door.nameVersion(request), 4096),
    ...door.both("/version/:id", "GET", (request) => door.version(request)),
    { method: "GET", path: "/documents", handle: (request) => door.list(request) },
    ...(pages === undefined
      ? []
      : [staticRoute("/assets/*", below(pages, "assets/")), door.pageRoute(pages)]),
  ];
}

/** Files of a directory, by their names in it. */
function below(files: StaticFiles, directory: string): StaticFiles {
  return new Map(
    [...files].flatMap(([path, file]) =>
      path.startsWith(directory) ? [[path.slice(directory.length), file] as const] : []
    ),
  );
}

class EditorDoor {
  readonly #options: EditorRoutesOptions;

  constructor(options: EditorRoutesOptions) {
    this.#options = options;
  }

  /** A route for the document of the line door, and for that of a name. */
  both(
    path: string,
    method: "GET" | "POST",
    handle: (request: RoutedRequest) => Promise<HttpResponse>,
    maxBodyBytes = 0,
  ): HttpRoute[] {
    const guarded = (request: RoutedRequest) => this.admit(request) ?? handle(request).catch(unavailable);
    return [path, `${path}/:name`].map((each) => ({ method, path: each, maxBodyBytes, handle: guarded }));
  }

  /** Refuses who has no token where there is one. */
  admit(request: RoutedRequest): HttpResponse | undefined {
    const { token, readToken } = this.#options;
    if (token === undefined && readToken === undefined) return undefined;
    const given = tokenOf(request);
    const isKnown = isSameToken(given, token) || isSameToken(given, readToken);
    return isKnown ? undefined : textResponse(401, "A token is needed.\n", { "www-authenticate": "Bearer" });
  }

  mayEdit(request: RoutedRequest): boolean {
    const { token, readToken } = this.#options;
    return token === undefined ? readToken === undefined : isSameToken(tokenOf(request), token);
  }

  /** The document of the request. Rejects with an `HttpError` where there is none and none is made. */
  async find(
    { params }: Pick<RoutedRequest, "params">,
    { makes = false }: { readonly makes?: boolean } = {},
  ): Promise<Ref<DocumentCommand>> {
    const { directory, document } = this.#options;
    const name = params["name"];
    // A provider puts the name of a room behind the address: where there is one document, any name is its.
    if (directory === undefined || name === undefined) return document;
    if (!makes && isDocumentName(name)) await assertThere(directory.disk, `${directory.path}/${name}.txt`);
    const found = await directory.documents.ask({ type: "find", name }, { timeoutMs: ASK_MS });
    if ("refusal" in found) throw new HttpError(404, found.refusal);
    return found;
  }

  async text(request: RoutedRequest): Promise<HttpResponse> {
    const document = await this.find(request);
    const { etag, bytes, text } = await document.ask({ type: "get-text" }, { timeoutMs: ASK_MS });
    return withETag(request, etag, () => ({
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: text ?? readAll(document, bytes),
    }));
  }

  async versions(request: RoutedRequest): Promise<HttpResponse> {
    const document = await this.find(request);
    return jsonResponse(200, await document.ask({ type: "get-versions" }, { timeoutMs: ASK_MS }));
  }

  async version(request: RoutedRequest): Promise<HttpResponse> {
    const document = await this.find(request);
    const id = Number(request.params["id"]);
    const text = await document.ask({ type: "get-version", id }, { timeoutMs: ASK_MS });
    return text === null ? textResponse(404, "There is no such version.\n") : textResponse(200, text);
  }

  async nameVersion(request: RoutedRequest): Promise<HttpResponse> {
    if (!this.mayEdit(request)) return textResponse(403, "This document is read-only for you.\n");
    const { name, by } = versionOf(request.body);
    const document = await this.find(request);
    const version = await document.ask({ type: "name-version", name, by }, { timeoutMs: ASK_MS });
    return version === null
      ? textResponse(409, "Nobody edits this document now.\n")
      : jsonResponse(201, version);
  }

  async list(request: RoutedRequest): Promise<HttpResponse> {
    const refused = this.admit(request);
    if (refused !== undefined) return refused;
    const { directory, textName } = this.#options;
    const headers = { "x-text-name": encodeURIComponent(textName.toWellFormed()) };
    if (directory === undefined) return jsonResponse(200, null, headers);
    const entries = await directory.disk.list(directory.path);
    const names = entries
      .filter(({ name, isFile }) => isFile && name.endsWith(".txt"))
      .map(({ name }) => name.slice(0, -".txt".length))
      .filter(isDocumentName);
    return jsonResponse(200, names.sort(), headers);
  }

  /** The page: of the one document, of the list, of each name. */
  pageRoute(pages: StaticFiles): HttpRoute {
    return {
      method: "GET",
      path: "/*",
      handle: (request) => {
        const name = request.params["*"] ?? "";
        const isPage = name === "" || (this.#options.directory !== undefined && isDocumentName(name));
        const file = pages.get(isPage ? "index.html" : name);
        return file === undefined
          ? textResponse(404, "There is nothing here.\n")
          : staticResponse(request, isPage ? "index.html" : name, file);
      },
    };
  }
}

/** To look at what is not there makes nothing. */
async function assertThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.stat(path);
  } catch (error) {
    if (isNotFound(error)) throw new HttpError(404, "there is no such document");
    throw error;
  }
}

/** A document that cannot be opened is said in the log by itself. */
function unavailable(error: unknown): never {
  throw error instanceof ActorStopped ? new HttpError(503, "the document cannot be opened now") : error;
}

function versionOf(body: Uint8Array): { name: string; by: string } {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(body));
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
  const name = textIn(value, "name")?.trim();
  if (name === undefined || name === "") {
    throw new HttpError(400, 'the body is not {"name": NAME, "by": NAME}');
  }
  return { name, by: textIn(value, "by") ?? "somebody" };
}

function textIn(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === "string" ? found.slice(0, MAX_NAME_CHARACTERS) : undefined;
}

/** The file's text, read piece by piece. */
async function* readAll(document: Ref<DocumentCommand>, bytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes;) {
    const range = { start, end: Math.min(start + PIECE_BYTES, bytes) };
    const event = await document.ask<DocumentEvent>((replyTo) => ({ type: "read", range, replyTo }), {
      timeoutMs: ASK_MS,
    });
    if (event.type !== "piece" || event.bytes.length === 0) return;
    yield event.bytes;
    start += event.bytes.length;
  }
}
