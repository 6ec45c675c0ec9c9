/**
 * Tells by the first bytes of a stream that its sender speaks another protocol.
 *
 * A web page can make a browser send an HTTP request to any port, with a body of the page's choice: a service
 * of lines or JSON that skips what it does not understand would do what the body says.
 *
 * @module
 */

import { BYTE_ORDER_MARK } from "./_byte_order_mark.ts";

/** The protocols that are told apart from a service's own. */
export type ForeignProtocol = "HTTP" | "TLS";

/** All of them: for what passes on any bytes. */
export const FOREIGN_PROTOCOLS: readonly ForeignProtocol[] = ["HTTP", "TLS"];

const SPACE = 0x20;
/** RFC 8446, section 5.1: a record of type handshake and of a legacy version 3.x begins every TLS stream. */
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 3;
const HTTP_VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f];
/** RFC 9110, section 5.6.2: the characters of a token, which a method is. */
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]/;

/** What is expected next in `METHOD SP TARGET SP HTTP/`. */
type Part = "start" | "method" | "target" | "version";

/**
 * Looks at a stream until its first line shows whether it is an HTTP request (RFC 9112, section 3) or a TLS
 * greeting.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ForeignGreeting } from "./foreign_greeting.ts";
 *
 * const greeting = new ForeignGreeting();
 * const utf8 = new TextEncoder();
 * assertEquals(greeting.look(utf8.encode("POST / HT")), undefined);
 * assertEquals(greeting.look(utf8.encode("TP/1.1\r\n")), "HTTP");
 * ```
 */
export class ForeignGreeting {
  #part: Part = "start";
  #isDecided = false;
  /** Bytes seen of the stream, after a byte order mark; and bytes seen of the part. */
  #seen = 0;
  #partLength = 0;
  #markLength = 0;
  #mayBeTls = true;

  /** True once the stream is known to be no foreign one: there is no more to look at. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** Looks at the next bytes; says which protocol they are of once that is certain. */
  look(chunk: Uint8Array): ForeignProtocol | undefined {
    for (let index = 0; index < chunk.length && !this.#isDecided; index++) {
      const found = this.#lookAt(chunk[index] ?? 0);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #lookAt(byte: number): ForeignProtocol | undefined {
    if (this.#seen === 0 && byte === BYTE_ORDER_MARK[this.#markLength]) {
      this.#markLength++;
      return undefined;
    }
    const at = this.#seen++;
    if (at === 0) this.#mayBeTls = byte === TLS_HANDSHAKE;
    else if (at === 1 && this.#mayBeTls && byte === TLS_MAJOR_VERSION) return "TLS";
    return at === 0 && this.#mayBeTls ? undefined : this.#lookForHttp(byte);
  }

  #lookForHttp(byte: number): ForeignProtocol | undefined {
    switch (this.#part) {
      case "start":
      case "method":
        if (byte === SPACE && this.#part === "method") this.#next("target");
        else if (TOKEN.test(String.fromCharCode(byte))) this.#part = "method";
        else this.#isDecided = true;
        return undefined;
      case "target":
        if (byte === SPACE) {
          if (this.#partLength > 0) this.#next("version");
        } else if (byte <= SPACE) this.#isDecided = true;
        else this.#partLength++;
        return undefined;
      case "version":
        if (byte !== HTTP_VERSION[this.#partLength]) {
          this.#isDecided = true;
          return undefined;
        }
        return ++this.#partLength === HTTP_VERSION.length ? "HTTP" : undefined;
    }
  }

  #next(part: Part): void {
    this.#part = part;
    this.#partLength = 0;
  }
}
