/**
 * Digests, as a world computes them.
 *
 * @module
 */

/** The digests that every world has (FIPS 180-4). */
export type HashAlgorithm = "SHA-1" | "SHA-256";

/**
 * Digests. The same bytes give the same digest in every world.
 *
 * All of it is synchronous: 16 KiB take about 13 µs, 1 MiB about 0.6 ms. What is larger is hashed in slices
 * by {@linkcode Hash.start}, with other work between them, so that sockets do not wait.
 */
export interface Hash {
  /** The digest of bytes that are all there: 20 bytes for SHA-1, 32 for SHA-256. */
  digest(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Begins a digest of bytes that come one after the other. */
  start(algorithm: HashAlgorithm): Hasher;
  /** The keyed digest of a message (RFC 2104), about 7 µs for a line. */
  hmac(algorithm: HashAlgorithm, key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer>;
}

/** A digest under way. */
export interface Hasher {
  /** Takes the next bytes; they may change afterwards. */
  update(bytes: Uint8Array): void;
  /**
   * The digest of all bytes taken. Ends it: @throws `TypeError` when called again, as does `update`
   * afterwards.
   */
  digest(): Uint8Array<ArrayBuffer>;
}
