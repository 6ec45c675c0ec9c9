/**
 * Digests by the platform's own implementation: a pure function of the bytes, and so the same in the
 * simulated world.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";
import type { Hash, HashAlgorithm, Hasher } from "./hash.ts";

const NODE_NAME: Readonly<Record<HashAlgorithm, string>> = { "SHA-1": "sha1", "SHA-256": "sha256" };

/** Digests by `node:crypto`. */
export const nodeHash: Hash = {
  digest: (algorithm, bytes) => new Uint8Array(createHash(NODE_NAME[algorithm]).update(bytes).digest()),
  start: (algorithm) => new NodeHasher(algorithm),
  hmac: (algorithm, key, message) =>
    new Uint8Array(createHmac(NODE_NAME[algorithm], key).update(message).digest()),
};

class NodeHasher implements Hasher {
  #hash: ReturnType<typeof createHash> | undefined;

  constructor(algorithm: HashAlgorithm) {
    this.#hash = createHash(NODE_NAME[algorithm]);
  }

  update(bytes: Uint8Array): void {
    this.#underWay().update(bytes);
  }

  digest(): Uint8Array<ArrayBuffer> {
    const hash = this.#underWay();
    this.#hash = undefined;
    return new Uint8Array(hash.digest());
  }

  #underWay(): ReturnType<typeof createHash> {
    if (this.#hash === undefined) throw new TypeError("Cannot hash: the digest was already taken");
    return this.#hash;
  }
}
