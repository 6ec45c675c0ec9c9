/**
 * What the members have: asked of each, again and again, by the node that leads.
 *
 * @module
 */
import type { LeaderKnown, LeaderLost, MembersChanged } from "../../protocols/election_events.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import { readInventory } from "./catalog.ts";
import { type HttpAnswer, httpGet } from "./http_get.ts";
import { nodeUrl, type SharingNode } from "./nodes.ts";
import type { NodeInventory, TrackerCommand } from "./tracker.ts";

/** What a {@linkcode collector} is told: by the election. */
export type CollectorCommand = LeaderKnown | LeaderLost | MembersChanged;

/** Options of {@linkcode collector}. */
export interface CollectorOptions {
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Told what they have. */
  readonly tracker: Ref<TrackerCommand>;
  /** Milliseconds between two questions to a node. @default 1000 */
  readonly intervalMs?: number;
}

type Private =
  | { readonly type: "due"; readonly leadership: number; readonly node: SharingNode }
  | {
    readonly type: "answered";
    readonly asked: Asked;
    readonly answer: HttpAnswer;
    readonly addresses: string[];
  }
  | { readonly type: "unanswered"; readonly asked: Asked; readonly error: unknown };

interface Asked {
  readonly leadership: number;
  readonly node: SharingNode;
}

interface Known {
  readonly inventory: NodeInventory;
  readonly etag: string | undefined;
  failures: number;
}

const ASK_MS = 3000;
/** The largest list: 10,000 files. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
/** A node that has not answered so often has no files, until it answers again. */
const MAX_FAILURES = 3;

/** Asks the members while this node leads. */
export function collector(options: CollectorOptions): Behavior<CollectorCommand> {
  return withPrivateMessages<CollectorCommand, Private>((self) => {
    const it = new Collector(self, options);
    return (message) => it.receive(message);
  });
}

class Collector {
  readonly #self: Context<CollectorCommand | Private>;
  readonly #options: CollectorOptions;
  readonly #known = new Map<number, Known>();
  #members: readonly number[] = [];
  #isLeading = false;
  /** Counts the leaderships: answers to questions of an earlier one are of no use. */
  #leadership = 0;

  constructor(self: Context<CollectorCommand | Private>, options: CollectorOptions) {
    this.#self = self;
    this.#options = options;
  }

  receive(message: CollectorCommand | Private): void {
    switch (message.type) {
      case "leader-known":
        return message.isSelf ? this.#lead() : this.#stopLeading();
      case "leader-lost":
        return this.#stopLeading();
      case "members-changed":
        this.#members = message.members;
        return this.#tell();
      case "due":
        if (message.leadership === this.#leadership) this.#ask(message.node);
        return;
      case "answered":
        return this.#onAnswered(message.asked, message.answer, message.addresses);
      case "unanswered":
        return this.#onUnanswered(message.asked, message.error);
      default:
        assertNever(message);
    }
  }

  #lead(): void {
    if (this.#isLeading) return;
    this.#isLeading = true;
    this.#leadership++;
    for (const node of this.#options.nodes) this.#ask(node);
  }

  #stopLeading(): void {
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.#leadership++;
    this.#known.clear();
    this.#options.tracker.tell({ type: "set-inventories", inventories: [] });
  }

  #ask(node: SharingNode): void {
    const asked = { leadership: this.#leadership, node };
    const { world, signal } = this.#self;
    const etag = this.#known.get(node.id)?.etag;
    const asking = async () => ({
      addresses: await world.net.resolve(node.http.hostname),
      answer: await httpGet(world, nodeUrl(node, "/share"), {
        timeoutMs: ASK_MS,
        maxBytes: MAX_LIST_BYTES,
        signal,
        ...(etag === undefined ? {} : { etag }),
      }),
    });
    this.#self.pipe<{ answer: HttpAnswer; addresses: string[] }>(
      asking(),
      ({ answer, addresses }) => ({ type: "answered", asked, answer, addresses }),
      (error) => ({ type: "unanswered", asked, error }),
    );
  }

  #askLater(asked: Asked): void {
    if (asked.leadership === this.#leadership) {
      this.#self.after(this.#options.intervalMs ?? 1000, { type: "due", ...asked });
    }
  }

  #onAnswered(asked: Asked, { status, etag, bytes }: HttpAnswer, addresses: string[]): void {
    if (asked.leadership !== this.#leadership) return;
    const { id } = asked.node;
    const known = this.#known.get(id);
    if (known !== undefined) known.failures = 0;
    if (status === 304 && known !== undefined) {
      // The same files, at another address perhaps.
      if (known.inventory.addresses.join() !== addresses.join()) {
        this.#known.set(id, { ...known, inventory: { ...known.inventory, addresses } });
        this.#tell();
      }
    } else {
      try {
        if (status !== 200) throw new TypeError(`Cannot ask Node ${id} for its files: status ${status}`);
        const inventory = readInventory(JSON.parse(new TextDecoder().decode(bytes)), id);
        this.#known.set(id, { inventory: { ...inventory, addresses }, etag, failures: 0 });
        this.#tell();
      } catch (error) {
        return this.#onUnanswered(asked, error);
      }
    }
    this.#askLater(asked);
  }

  #onUnanswered(asked: Asked, error: unknown): void {
    if (asked.leadership !== this.#leadership) return;
    const known = this.#known.get(asked.node.id);
    if (known !== undefined && ++known.failures >= MAX_FAILURES) {
      this.#self.log.debug(`Node ${asked.node.id} does not say what files it has: ${errorText(error)}`, {
        event: "files-not-told",
      });
      this.#known.delete(asked.node.id);
      this.#tell();
    }
    this.#askLater(asked);
  }

  #tell(): void {
    if (!this.#isLeading) return;
    const inventories = [...this.#known.values()].map(({ inventory }) => inventory)
      .filter(({ node }) => this.#members.includes(node));
    this.#options.tracker.tell({ type: "set-inventories", inventories });
  }
}
