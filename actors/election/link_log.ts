/**
 * What a link says to people.
 *
 * @module
 */
import { visibleText } from "../../protocols/visible_text.ts";
import { formatAddress } from "../net/mod.ts";
import type { ActorLog, Context } from "../runtime/mod.ts";
import type { PeerLinkOptions } from "./link_messages.ts";
import { OccasionalWarnings } from "./occasional_warnings.ts";
import { PacedLines } from "./paced_lines.ts";

/** The lines of one link. Those that strangers can bring about are said once in a while. */
export class LinkLog {
  readonly #log: ActorLog;
  readonly #lines: PacedLines;
  readonly #warnings: OccasionalWarnings;
  readonly #nodes: string;
  readonly #ownId: number;
  readonly #id: number;
  readonly #address: string;

  constructor(self: Pick<Context<never>, "log" | "world">, options: PeerLinkOptions) {
    const { nodes, ownId, peer } = options;
    this.#log = self.log;
    this.#lines = new PacedLines(self.world.clock);
    this.#warnings = new OccasionalWarnings(self.log, self.world.clock);
    this.#nodes = nodes;
    this.#ownId = ownId;
    this.#id = peer.id;
    this.#address = formatAddress(peer.address);
  }

  connected(isDialled: boolean): void {
    const how = isDialled ? "to" : "with";
    this.#lines.say(() =>
      this.#log.plain(`Node ${this.#ownId} connected ${how} Node ${this.#id}.`, { event: "node-connected" })
    );
  }

  disconnected(): void {
    this.#lines.say(() =>
      this.#log.plain(`Node ${this.#ownId} disconnected from Node ${this.#id}.`, {
        event: "node-disconnected",
      })
    );
  }

  /** To be called now and then: says what was left. */
  flush(): void {
    this.#lines.flush();
  }

  old(why: string): void {
    const what = "with it no majority is needed to lead, and a split network has two leaders";
    this.#log.warn(`Node ${this.#id} is an old node (${why}): ${what}`, { event: "old-node" });
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

  /** Another node is at the address, or one that was given other nodes. */
  misplaced(found: number, nodes: string): void {
    if (found === this.#ownId) {
      const text = `${this.#address}, where Node ${this.#id} should be, is an address of this node`;
      this.#warnings.warn("misplaced", text);
      return;
    }
    const what = found === this.#id
      ? `Node ${found} was given the nodes ${nodes}, and this one ${this.#nodes}`
      : `Node ${found} answers at ${this.#address}, where Node ${this.#id} should be`;
    this.#warnings.warn("misplaced", `${what}: the lists of nodes differ`);
  }
}
