/**
 * Messages on one connection of a link: encoded, sealed where there is a secret, and one at a time.
 *
 * @module
 */
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from "../../protocols/election_messages.ts";
import { type LinkEnds, LinkSeal, proofNonce, toHex } from "../../protocols/peer_auth.ts";
import type { Connection } from "../net/mod.ts";
import type { World } from "../world/world.ts";

/** Bytes of a nonce. */
const NONCE_BYTES = 16;

/** A nonce that nobody can foresee. */
export function newNonce(world: World): string {
  return toHex(world.random.bytes(NONCE_BYTES));
}

/** Reads and writes the lines of one connection. */
export class LinkWire {
  readonly #connection: Connection<never>;
  readonly #secret: Uint8Array | undefined;
  #seal: LinkSeal | undefined;

  constructor(connection: Connection<never>, secret: Uint8Array | undefined) {
    this.#connection = connection;
    this.#secret = secret;
  }

  /** Whether the other side has still to prove that it knows the secret. */
  get needsProof(): boolean {
    return this.#secret !== undefined && !this.#isProved;
  }

  #isProved = false;

  /** The end that dialled sends its proof, and waits for the other one's. */
  sendProof(ends: Omit<LinkEnds, "diallerNonce">): void {
    if (this.#secret === undefined) return;
    const { world } = this.#connection.context;
    this.#seal = this.#newSeal({ ...ends, diallerNonce: newNonce(world) }, true, this.#secret);
    this.#connection.sendText(this.#seal.proof() + "\n");
  }

  /** The end that dialled reads the other one's proof. False when it is none. */
  readProof(line: string): boolean {
    return this.#isProved = this.#seal?.isProved(line) === true;
  }

  /** The end that accepted reads the proof, and sends its own. False when it is none. */
  exchangeProofs(line: string, ends: Omit<LinkEnds, "diallerNonce">): boolean {
    const diallerNonce = proofNonce(line);
    if (diallerNonce === null || this.#secret === undefined) return false;
    this.#seal = this.#newSeal({ ...ends, diallerNonce }, false, this.#secret);
    this.#isProved = this.#seal.isProved(line);
    if (this.#isProved) this.#connection.sendText(this.#seal.proof() + "\n");
    return this.#isProved;
  }

  #newSeal(ends: LinkEnds, isDialler: boolean, secret: Uint8Array): LinkSeal {
    const { hash } = this.#connection.context.world;
    return new LinkSeal((key, message) => hash.hmac("SHA-256", key, message), secret, ends, isDialler);
  }

  say(message: PeerMessage): void {
    if (this.needsProof) return;
    const line = encodePeerMessage(message);
    this.#connection.sendText((this.#seal?.seal(line) ?? line) + "\n");
  }

  /**
   * The message in a line, and no more is read until {@linkcode LinkWire.goOn}. Undefined ends the
   * connection.
   */
  read(line: string): PeerMessage | undefined {
    const opened = this.#seal === undefined ? line : this.#seal.open(line);
    const message = opened === null ? null : decodePeerMessage(opened);
    if (message === null) {
      const why = opened === null ? "a line is not sealed as it should be" : "not a message of a peer";
      this.#connection.end({ type: "bad-frame", message: `Error: ${why}` });
      return undefined;
    }
    this.#connection.pause();
    return message;
  }

  goOn(): void {
    this.#connection.resume();
  }
}
