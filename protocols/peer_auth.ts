/**
 * Links between nodes that share a secret: each proves that it knows it, and seals every line.
 *
 * After the greeting (`peer_link.ts`) the node that dialled sends `PROOF <nonce> <mac>`, and the one that
 * accepted answers `PROOF <mac>`. From then on each line is `<mac> <message>`. All MACs are HMAC-SHA-256 in
 * hexadecimal. The key of a connection is the HMAC, under the secret, of both IDs and both nonces, so that
 * nothing said on one connection is worth anything on another. A line's MAC covers its sender, the direction
 * and a counter: lines that are left out, repeated, changed, turned around or put in another order are
 * refused.
 *
 * @module
 */
import { isNonce } from "./election_messages.ts";

/** HMAC-SHA-256 (RFC 2104) of a message. */
export type Hmac = (key: Uint8Array, message: Uint8Array) => Uint8Array;

/** The two ends of one connection. */
export interface LinkEnds {
  /** The ID of the node that dialled. */
  readonly dialler: number;
  /** The ID of the node that accepted. */
  readonly acceptor: number;
  /** What the node that accepted gave in its `HELLO`. */
  readonly acceptorNonce: string;
  /** What the node that dialled gives in its proof. */
  readonly diallerNonce: string;
}

const encoder = new TextEncoder();

/**
 * One end of a connection whose nodes share a secret.
 *
 * @example
 * ```ts
 * import { LinkSeal } from "@troupe/actors/protocols/peer-auth";
 * import { assert, assertEquals } from "@std/assert";
 * import { createHmac } from "node:crypto";
 *
 * const hmac = (key: Uint8Array, message: Uint8Array) => createHmac("sha256", key).update(message).digest();
 * const secret = new Uint8Array(32).fill(7);
 * const ends = { dialler: 2, acceptor: 1, acceptorNonce: "a".repeat(32), diallerNonce: "d".repeat(32) };
 * const dialler = new LinkSeal(hmac, secret, ends, true);
 * const acceptor = new LinkSeal(hmac, secret, ends, false);
 *
 * assert(acceptor.isProved(dialler.proof()));
 * const line = dialler.seal("BEAT");
 * assertEquals(acceptor.open(line), "BEAT");
 * assertEquals(acceptor.open(line), null); // heard before
 * ```
 */
export class LinkSeal {
  readonly #hmac: Hmac;
  readonly #key: Uint8Array;
  readonly #ends: LinkEnds;
  readonly #isDialler: boolean;
  #sent = 0;
  #opened = 0;

  /** The end of a connection; the secret has 32 bytes at least. */
  constructor(hmac: Hmac, secret: Uint8Array, ends: LinkEnds, isDialler: boolean) {
    const { dialler, acceptor, acceptorNonce, diallerNonce } = ends;
    this.#hmac = hmac;
    this.#ends = ends;
    this.#isDialler = isDialler;
    this.#key = hmac(
      secret,
      encoder.encode(`troupe peer link 1 ${dialler} ${acceptor} ${acceptorNonce} ${diallerNonce}`),
    );
  }

  /** The line, without its end, by which this end proves itself. */
  proof(): string {
    const mac = this.#mac(this.#isDialler, "proof");
    return this.#isDialler ? `PROOF ${this.#ends.diallerNonce} ${mac}` : `PROOF ${mac}`;
  }

  /** Whether a line is the other end's proof. */
  isProved(line: string): boolean {
    return line.startsWith("PROOF ") && isEqual(line.slice(-64), this.#mac(!this.#isDialler, "proof"));
  }

  /** Seals the next message. */
  seal(message: string): string {
    return `${this.#mac(this.#isDialler, `${this.#sent++} ${message}`)} ${message}`;
  }

  /** The message in the next line of the other end; null when the line is not sealed as it should be. */
  open(line: string): string | null {
    const message = line.slice(65);
    const mac = this.#mac(!this.#isDialler, `${this.#opened++} ${message}`);
    return line[64] === " " && isEqual(line.slice(0, 64), mac) ? message : null;
  }

  #mac(byDialler: boolean, text: string): string {
    const { dialler, acceptor } = this.#ends;
    const direction = byDialler ? `dialler ${dialler}` : `acceptor ${acceptor}`;
    const bytes = this.#hmac(this.#key, encoder.encode(`${direction} ${text}`));
    return toHex(bytes);
  }
}

/**
 * The nonce in the proof of a node that dialled; null when the line is no such proof.
 *
 * @example
 * ```ts
 * import { proofNonce } from "@troupe/actors/protocols/peer-auth";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(proofNonce(`PROOF ${"0a".repeat(16)} ${"0b".repeat(32)}`), "0a".repeat(16));
 * assertEquals(proofNonce("PROOF of nothing"), null);
 * ```
 */
export function proofNonce(line: string): string | null {
  const [, nonce] = /^PROOF ([0-9a-f]{32}) [0-9a-f]{64}$/.exec(line) ?? [];
  return isNonce(nonce) ? nonce : null;
}

/**
 * Bytes in hexadecimal.
 *
 * @example
 * ```ts
 * import { toHex } from "@troupe/actors/protocols/peer-auth";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(toHex(Uint8Array.of(0, 255)), "00ff");
 * ```
 */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Each byte in hexadecimal. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** In a time that does not depend on where they differ. */
function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < b.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
