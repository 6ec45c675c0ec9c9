/**
 * What tells messages apart whose handlers may take differently long.
 *
 * @module
 */

/** The kind of what has none. */
export const UNTYPED = "";

/** Kinds are kept: longer texts are not. */
const MAX_KEPT_LENGTH = 64;

/** The `type` of a message; of a number or a short text, itself. */
export function kindOf(item: unknown): unknown {
  if (typeof item === "string") return item.length <= MAX_KEPT_LENGTH ? item : UNTYPED;
  if (typeof item === "number") return item;
  if (typeof item !== "object" || item === null) return UNTYPED;
  try {
    const { type } = item as { readonly type?: unknown };
    return typeof type === "object" || type === undefined ? UNTYPED : type;
  } catch {
    // A message that throws when it is looked at.
    return UNTYPED;
  }
}

/**
 * Whether `kindOf(item) === kind`, for the most part: false where it is neither typed by a text nor untyped.
 */
export function isOfKind(item: unknown, kind: unknown): boolean {
  if (typeof item !== "object" || item === null || typeof kind !== "string") return false;
  try {
    const { type } = item as { readonly type?: unknown };
    return typeof type === "string" ? type === kind : type === undefined && kind === UNTYPED;
  } catch {
    return false;
  }
}
