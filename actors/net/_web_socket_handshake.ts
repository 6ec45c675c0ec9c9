import type { HttpHeaders, HttpRequest } from "../../protocols/http.ts";
import { hasToken, HttpError } from "../../protocols/http.ts";
import { isUpgrade } from "../../protocols/http_decoder.ts";
import type { Hash } from "../world/world.ts";

/** What the server appends to the client's key: RFC 6455, section 1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What the server answers to the key of a handshake. */
function acceptKey(key: string, hash: Hash): string {
  return base64(hash.digest("SHA-1", new TextEncoder().encode(key + KEY_SUFFIX)));
}

/** Bytes in Base64 (RFC 4648, section 4). */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Whether a request asks for a WebSocket. */
export function asksForWebSocket(request: HttpRequest): boolean {
  return isUpgrade(request) && hasToken(request.headers.get("upgrade"), "websocket");
}

/**
 * The header fields of the answer that opens a WebSocket.
 *
 * @throws {HttpError} on a handshake that is not of RFC 6455, section 4.2.1.
 */
export function handshakeHeaders(request: HttpRequest, hash: Hash): Record<string, string> {
  const { method, headers } = request;
  if (method !== "GET") throw new HttpError(400, "a WebSocket is opened by GET");
  if (headers.get("sec-websocket-version") !== "13") {
    throw new HttpError(426, "only version 13 of WebSocket is spoken");
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new HttpError(400, "the Sec-WebSocket-Key is not 16 bytes in Base64");
  }
  return { upgrade: "websocket", connection: "Upgrade", "sec-websocket-accept": acceptKey(key, hash) };
}

/** Why a server's answer opens no WebSocket, or undefined. */
export function handshakeFault(
  status: number,
  headers: HttpHeaders,
  key: string,
  hash: Hash,
): string | undefined {
  if (status !== 101) return `it answered with status ${status}`;
  if (!hasToken(headers.get("upgrade"), "websocket") || !hasToken(headers.get("connection"), "upgrade")) {
    return "it did not upgrade the connection";
  }
  return headers.get("sec-websocket-accept") === acceptKey(key, hash)
    ? undefined
    : "it answered with a wrong key";
}
