/** What the page and other clients say of themselves to each other. */

/** What a client says of itself: as y-codemirror.next has it, so that its clients and ours see each other. */
export interface PresenceState {
  readonly name: string;
  /** Of this page's colours, or another's. */
  readonly color: string;
  /** Relative positions of Yjs, as JSON. */
  readonly cursor: { readonly anchor: unknown; readonly head: unknown } | undefined;
}

/** Whose states have changed. */
export interface AwarenessChanges {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

const MAX_NAME_CHARACTERS = 64;

/** Reads a state of another client, which may hold anything. */
export function presenceOf(state: unknown): PresenceState {
  const user = field(state, "user");
  const name = field(user, "name");
  const color = field(user, "color");
  const cursor = field(state, "cursor");
  const [anchor, head] = [field(cursor, "anchor"), field(cursor, "head")];
  return {
    name: typeof name === "string" && name !== "" ? name.slice(0, MAX_NAME_CHARACTERS) : "Somebody",
    color: typeof color === "string" ? color : "",
    cursor: isObject(anchor) && isObject(head) ? { anchor, head } : undefined,
  };
}

function field(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
