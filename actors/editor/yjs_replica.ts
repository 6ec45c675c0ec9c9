/**
 * A replica on Yjs 13.6.
 *
 * @module
 */
import * as Y from "yjs";
import type { Replica, ReplicaOptions, UpdateVerdict } from "./replica.ts";
import type { TextEdit } from "./text_diff.ts";

/** An empty copy. */
export function yjsReplica(options: ReplicaOptions): Replica {
  return new YjsReplica(options);
}

class YjsReplica implements Replica {
  readonly #doc = new Y.Doc();
  readonly #text: Y.Text;
  readonly #textName: string;
  /** What changed since a transaction began. */
  #updates: Uint8Array[] = [];

  constructor({ textName, clientId }: ReplicaOptions) {
    this.#doc.clientID = clientId;
    this.#text = this.#doc.getText(textName);
    this.#textName = textName;
    this.#doc.on("update", (update: Uint8Array) => void this.#updates.push(update));
  }

  get text(): string {
    return this.#text.toString();
  }

  get stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  judge(update: Uint8Array): UpdateVerdict {
    let decoded: ReturnType<typeof Y.decodeUpdate>;
    try {
      decoded = Y.decodeUpdate(update);
    } catch {
      return { type: "bad", reason: "an update does not decode" };
    }
    return new Judge(this.#doc, this.#textName).judge(decoded);
  }

  transact(work: () => void): Uint8Array | undefined {
    this.#updates = [];
    // Each change is a transaction of Yjs: within one, positions are looked up as they were before updates
    // of others in it.
    work();
    const updates = this.#updates;
    this.#updates = [];
    return updates.length > 1 ? Y.mergeUpdates(updates) : updates[0];
  }

  apply(update: Uint8Array): void {
    Y.applyUpdate(this.#doc, update);
  }

  edit(edits: readonly TextEdit[]): void {
    this.#doc.transact(() => {
      let shift = 0;
      for (const { at, remove, insert } of edits) {
        if (remove > 0) this.#text.delete(at + shift, remove);
        if (insert !== "") this.#text.insert(at + shift, insert);
        shift += insert.length - remove;
      }
    });
  }

  difference(stateVector?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc, stateVector);
  }

  destroy(): void {
    this.#doc.destroy();
  }
}

type Decoded = ReturnType<typeof Y.decodeUpdate>;
/** A range of a client's clocks, longer than any honest one. */
const MAX_CLOCK = 2 ** 31;

/**
 * Looks through one update before it touches the document: Yjs itself applies what it can, and keeps the
 * rest
 * for ever.
 */
class Judge {
  readonly #doc: Y.Doc;
  readonly #textName: string;
  /** How far the update brings each client's clock, for those that it has. */
  readonly #brought = new Map<number, number>();
  #textBytes = 0;
  #isEarly = false;

  constructor(doc: Y.Doc, textName: string) {
    this.#doc = doc;
    this.#textName = textName;
  }

  judge({ structs, ds }: Decoded): UpdateVerdict {
    for (const struct of structs) {
      const reason = this.#bring(struct);
      if (reason !== undefined) return { type: "bad", reason };
    }
    for (const struct of structs) if (struct instanceof Y.Item) this.#refer(struct);
    for (const [client, ranges] of ds.clients) {
      const known = this.#known(client);
      for (const { clock, len } of ranges) if (clock + len > known) this.#isEarly = true;
    }
    return this.#isEarly ? { type: "early" } : { type: "good", textBytes: this.#textBytes };
  }

  /** Takes note of what a struct brings; gives a reason where nothing like it belongs into a text. */
  #bring(struct: Decoded["structs"][number]): string | undefined {
    const { client, clock } = struct.id;
    if (!(struct.length >= 1) || clock + struct.length > MAX_CLOCK) {
      return "an update has a part of no valid length";
    }
    if (struct instanceof Y.Item) {
      const reason = this.#reasonAgainst(struct);
      if (reason !== undefined) return reason;
    } else if (!(struct instanceof Y.GC)) {
      this.#isEarly = true;
      return undefined;
    }
    if (clock > this.#known(client)) this.#isEarly = true;
    else this.#brought.set(client, Math.max(this.#known(client), clock + struct.length));
    return undefined;
  }

  #reasonAgainst(item: Y.Item): string | undefined {
    const { content, parentSub } = item;
    // Not yet integrated, an item has the name of its parent, which the types do not know.
    const parent: unknown = item.parent;
    if (parentSub !== null || (parent !== null && parent !== this.#textName)) {
      return "an update is for another part of the document";
    }
    if (content instanceof Y.ContentString) {
      this.#textBytes += utf8Length(content.str);
      return undefined;
    }
    const isText = content instanceof Y.ContentDeleted || content instanceof Y.ContentFormat;
    return isText ? undefined : "an update has something that is no text";
  }

  #refer({ origin, rightOrigin }: Y.Item): void {
    for (const id of [origin, rightOrigin]) {
      if (id !== null && id.clock >= this.#known(id.client)) this.#isEarly = true;
    }
  }

  #known(client: number): number {
    return Math.max(this.#brought.get(client) ?? 0, Y.getState(this.#doc.store, client));
  }
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
