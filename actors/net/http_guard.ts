/**
 * Who may use a web door: checks of `Host`, `Origin` and `Sec-Fetch-Site`.
 *
 * A page of another site runs in a visitor's browser, which reaches this machine. A name that leads here
 * today and elsewhere tomorrow (DNS rebinding) makes such a page look like ours; so only names that are known
 * are answered. A page that is not ours may not write, and may not open a WebSocket, which no same-origin
 * rule of the browser prevents.
 *
 * @module
 */
import type { HttpHeaders, HttpRequest } from "../../protocols/http.ts";
import { isUpgrade } from "../../protocols/http_decoder.ts";
import type { SocketAddress } from "../world/world.ts";

/** Options of {@linkcode HttpGuard}. */
export interface HttpGuardOptions {
  /** Names under which the server is known, beside `localhost` and its own addresses. */
  readonly hosts: readonly string[];
  /** Other sites whose pages may use it, as `https://example.org`. */
  readonly origins: readonly string[];
  readonly isTls: boolean;
}

/** Methods that change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Decides whether a request is answered. */
export class HttpGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #scheme: "http" | "https";

  constructor({ hosts, origins, isTls }: HttpGuardOptions) {
    this.#hosts = new Set(["localhost", ...hosts.map((host) => host.toLowerCase())]);
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase().replace(/\/$/, "")));
    this.#scheme = isTls ? "https" : "http";
  }

  /** Why the request is not answered, or undefined. `local` is the address that the client has reached. */
  refusal(request: HttpRequest, local: SocketAddress): string | undefined {
    const host = request.headers.get("host") ?? "";
    const name = hostName(host);
    // HTTP/1.0 needs no host, and no browser speaks it.
    const isKnown = host === "" || (name !== undefined && this.#isKnown(name, local));
    if (!isKnown) return `the host ${JSON.stringify(host)} is not one of this server's names`;
    const origin = request.headers.get("origin");
    if (origin !== undefined) {
      const isFriend = this.#isOwn(origin.toLowerCase(), host.toLowerCase()) ||
        this.#origins.has(origin.toLowerCase());
      if (isFriend) return undefined;
      const isSafe = SAFE_METHODS.has(request.method) && !isUpgrade(request);
      if (!isSafe) return `the origin ${JSON.stringify(origin)} is another site`;
    }
    return isPartOfOtherSite(request.headers) ? "it is a part of another site's page" : undefined;
  }

  #isKnown(name: string, local: SocketAddress): boolean {
    return this.#hosts.has(name) || isLoopback(name) || name === local.hostname.toLowerCase();
  }

  #isOwn(origin: string, host: string): boolean {
    const standardPort = this.#scheme === "https" ? ":443" : ":80";
    const own = host.endsWith(standardPort) ? host.slice(0, -standardPort.length) : host;
    return origin === `${this.#scheme}://${own}`;
  }
}

/**
 * Whether a page of another site, or of another port of this one, has the browser load this as a part of
 * itself, an image say: it could not read it, but with wrong tokens it would shut out the visitor. A link may
 * lead here.
 */
function isPartOfOtherSite(headers: HttpHeaders): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return false;
  const isVisit = headers.get("sec-fetch-mode") === "navigate" &&
    (headers.get("sec-fetch-dest") ?? "document") === "document";
  return !isVisit;
}

function isLoopback(name: string): boolean {
  return name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The name or address in a `Host` field, without the port; undefined where it is none. */
function hostName(host: string): string | undefined {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/@\\]+))(?::\d{1,5})?$/.exec(host);
  return (parts?.[1] ?? parts?.[2])?.toLowerCase();
}
