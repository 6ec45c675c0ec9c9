/**
 * Files of the program itself, served over HTTP: read once, compressed beforehand, cached by what they hold.
 *
 * @module
 */
import type { HttpRequest, HttpResponse } from "../../protocols/http.ts";
import type { World } from "../world/world.ts";
import { textResponse, withETag } from "./http_response.ts";
import type { HttpRoute } from "./http_route.ts";

/** One file in memory. */
export interface StaticFile {
  /** As it is. */
  readonly bytes: Uint8Array;
  /** Compressed forms, by the name of their coding. */
  readonly encoded: ReadonlyMap<string, Uint8Array>;
  /** The media type. */
  readonly type: string;
  /** The beginning of the SHA-256 of its bytes, in hexadecimal digits. */
  readonly hash: string;
}

/** Files by their paths below one directory, `assets/editor-1a2b3c.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Codings by the end of the file's name, the one that is preferred first. */
const CODINGS: readonly (readonly [coding: string, suffix: string])[] = [["br", ".br"], ["gzip", ".gz"]];
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  map: "application/json; charset=utf-8",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};
/** So many digits of a hash tell any two of our files apart. */
const HASH_DIGITS = 16;

/**
 * Reads every file below a directory. `NAME.br` and `NAME.gz` are compressed forms of `NAME`.
 *
 * @throws `WorldError` where the directory or a file cannot be read.
 *
 * @example
 * ```ts
 * import { loadStaticFiles, staticResponse, staticRoute } from "@troupe/actors/net";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("a");
 * host.disk.makeDirectory("pages");
 * host.disk.write("pages/index.html", "<p>hello</p>");
 * const files = await sim.settle(loadStaticFiles(host.world, "pages"));
 * const route = staticRoute("/pages/*", files); // one of the routes of a web server
 * assertEquals([route.path, [...files.keys()]], ["/pages/*", ["index.html"]]);
 *
 * const request = { method: "GET", path: "/pages/", query: "", body: new Uint8Array(0), keepAlive: true };
 * const [file] = files.values();
 * if (file === undefined) throw new Error("the page is missing");
 * const { headers } = staticResponse({ ...request, headers: new Map() }, "index.html", file);
 * assertEquals(headers?.["content-type"], "text/html; charset=utf-8");
 * ```
 */
export async function loadStaticFiles(
  world: Pick<World, "disk" | "hash">,
  directory: string,
): Promise<StaticFiles> {
  const contents = new Map<string, Uint8Array>();
  await readBelow(world, directory, "", contents);
  const files = new Map<string, StaticFile>();
  for (const [path, bytes] of contents) {
    if (CODINGS.some(([, suffix]) => path.endsWith(suffix) && contents.has(path.slice(0, -suffix.length)))) {
      continue;
    }
    const encoded = new Map<string, Uint8Array>();
    for (const [coding, suffix] of CODINGS) {
      const compressed = contents.get(path + suffix);
      if (compressed !== undefined) encoded.set(coding, compressed);
    }
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    files.set(path, { bytes, encoded, type, hash: hashOf(world, bytes) });
  }
  return files;
}

async function readBelow(
  world: Pick<World, "disk">,
  directory: string,
  prefix: string,
  contents: Map<string, Uint8Array>,
): Promise<void> {
  for (const { name, isFile, isDirectory } of await world.disk.list(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) await readBelow(world, path, `${prefix}${name}/`, contents);
    else if (isFile) contents.set(prefix + name, await world.disk.readFile(path));
  }
}

function hashOf(world: Pick<World, "hash">, bytes: Uint8Array): string {
  const digest = world.hash.digest("SHA-256", bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, HASH_DIGITS);
}

/**
 * The route of files below a path that ends in `/*`; the directory itself is its `index.html`.
 *
 * A file whose name has the beginning of its hash in it, `editor-1a2b3c4d.js`, is never asked for again;
 * others are asked for each time, and not sent when they are as they were.
 */
export function staticRoute(path: `${string}/*`, files: StaticFiles): HttpRoute {
  return {
    method: "GET",
    path,
    handle: (request) => {
      const rest = request.params["*"] ?? "";
      const file = files.get(rest === "" ? "index.html" : rest);
      return file === undefined
        ? textResponse(404, "There is no such page.\n")
        : staticResponse(request, rest, file);
    },
  };
}

/** A file as the answer to a request. */
export function staticResponse(request: HttpRequest, name: string, file: StaticFile): HttpResponse {
  const coding = CODINGS.find(([coding]) => file.encoded.has(coding) && accepts(request, coding))?.[0];
  const isNamedByHash = name.includes(file.hash.slice(0, 8));
  const response = withETag(request, coding === undefined ? file.hash : `${file.hash}-${coding}`, () => ({
    status: 200,
    headers: {
      "content-type": file.type,
      ...(coding === undefined ? {} : { "content-encoding": coding }),
    },
    body: (coding === undefined ? undefined : file.encoded.get(coding)) ?? file.bytes,
  }));
  return {
    ...response,
    headers: {
      ...response.headers,
      vary: "accept-encoding",
      "cache-control": isNamedByHash ? "public, max-age=31536000, immutable" : "no-cache",
    },
  };
}

/** Whether the client takes a coding: RFC 9110, section 12.5.3. */
function accepts(request: HttpRequest, coding: string): boolean {
  const offered = request.headers.get("accept-encoding") ?? "";
  return offered.toLowerCase().split(",").some((part) => {
    const [name = "", ...params] = part.split(";").map((text) => text.trim());
    return name === coding && !params.some((param) => /^q=0(\.0*)?$/.test(param));
  });
}
