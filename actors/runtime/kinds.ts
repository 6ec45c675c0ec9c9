/**
 * What tells messages apart whose handlers may take differently long.
 *
 * @module
 */

/** The kind of what has none. */
export const UNTYPED = "";

/** That of no message. A text, as nearly all kinds are: V8 compares two of them as pointers. */
export const NO_KIND = "\0";

/** Kinds are kept: longer texts are not. */
const MAX_KEPT_LENGTH = 64;

/** The `type` of a message; of a number or a short text, itself. */
export function kindOf(item: unknown): unknown {
  if (typeof item === "string") return item.length <= MAX_KEPT_LENGTH ? item : UNTYPED;
  if (typeof item === "number") return item;
  if (typeof item !== "object" || item === null) return UNTYPED;
  try {
    const { type } = item as { readonly type?: unknown };
    // What is not small is not kept either.
    if (typeof type === "string") return type.length <= MAX_KEPT_LENGTH ? type : UNTYPED;
    return typeof type === "object" || typeof type === "function" || type === undefined ? UNTYPED : type;
  } catch {
    // A message that throws when it is looked at.
    return UNTYPED;
  }
}

/**
 * Whether `kindOf(item) === kind`, for the most part: false where a primitive is its own kind. Each message
 * that waits behind another costs this, so the property is compared before anything is asked about the rest.
 */
export function isOfKind(item: unknown, kind: unknown): boolean {
  try {
    const type: unknown = (item as { readonly type?: unknown } | null | undefined)?.type;
    return type === kind || type === undefined && kind === UNTYPED && typeof item === "object";
  } catch {
    // A message that throws when it is looked at.
    return false;
  }
}

/** The `type` of a message, where it has one that is a text. Never throws, whatever the message is. */
export function messageType(message: unknown): string | undefined {
  try {
    if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
    return typeof message.type === "string" ? message.type : undefined;
  } catch {
    // A message that throws when it is looked at.
    return undefined;
  }
}
