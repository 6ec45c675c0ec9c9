/**
 * What a link says to people.
 *
 * @module
 */
import { visibleText } from "../../protocols/visible_text.ts";
import { formatAddress } from "../net/mod.ts";
import type { ActorLog, Context } from "../runtime/mod.ts";
import type { PeerNode } from "./nodes.ts";
import { OccasionalWarnings } from "./occasional_warnings.ts";

/** The lines of one link. Those that strangers can bring about are said once in a while. */
export class LinkLog {
  readonly #log: ActorLog;
  readonly #warnings: OccasionalWarnings;
  readonly #ownId: number;
  readonly #id: number;
  readonly #address: string;

  constructor(self: Pick<Context<never>, "log" | "world">, ownId: number, peer: PeerNode) {
    this.#log = self.log;
    this.#warnings = new OccasionalWarnings(self.log, self.world.clock);
    this.#ownId = ownId;
    this.#id = peer.id;
    this.#address = formatAddress(peer.address);
  }

  connected(isDialled: boolean): void {
    this.#log.plain(`Node ${this.#ownId} connected ${isDialled ? "to" : "with"} Node ${this.#id}.`);
  }

  disconnected(): void {
    this.#log.plain(`Node ${this.#ownId} disconnected from Node ${this.#id}.`);
  }

  old(why: string): void {
    const what = "with it no majority is needed to lead, and a split network has two leaders";
    this.#log.warn(`Node ${this.#id} is an old node (${why}): ${what}`);
  }

  /** `kind` is one of a few. */
  away(kind: string, remote: string, why: string): void {
    this.#warnings.warn(kind, `Sent ${remote} away: ${why}`);
  }

  unproved(): void {
    this.#warnings.warn("secret", `Node ${this.#id} at ${this.#address} does not know the secret`);
  }

  rejected(why: string): void {
    this.#warnings.warn("rejected", `Node ${this.#id} does not take this node: ${visibleText(why)}`);
  }

  misplaced(found: number): void {
    const where = `at ${this.#address}, where Node ${this.#id} should be`;
    this.#warnings.warn("misplaced", `Node ${found} answers ${where}: the lists of nodes differ`);
  }
}
