/** A long edit as several updates, none of which is too long for the server. */
import * as Y from "yjs";
import { isHighSurrogate } from "../../protocols/_surrogates.ts";
import { encodeYInsertion, encodeYTextUpdate } from "../../protocols/y_text_update.ts";

/**
 * The update as updates of at most `maxBytes` each, to be applied in this order; undefined where something
 * else than strings and deletions is in it, which is not split.
 */
export function splitUpdate(update: Uint8Array, maxBytes: number): Uint8Array[] | undefined {
  if (update.length <= maxBytes) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const parts: Uint8Array[] = [];
  for (const struct of structs) {
    if (!(struct instanceof Y.Item && struct.content instanceof Y.ContentString)) return undefined;
    // A UTF-16 code unit is at most three bytes; the rest is for what stands around the string.
    parts.push(...insertionsOf(struct, struct.content.str, Math.floor(maxBytes / 4)));
  }
  const deletions = [...ds.clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, clock, length: len }))
  );
  if (deletions.length > 0) parts.push(encodeYTextUpdate({ blocks: [], deletions }));
  return parts.some(({ length }) => length > maxBytes) ? undefined : packed(parts, maxBytes);
}

/** The string of an item in pieces, as Yjs itself would split it: each stands behind the one before. */
function insertionsOf({ id, origin, rightOrigin, parent }: Y.Item, text: string, maxUnits: number) {
  const insertions: Uint8Array[] = [];
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + maxUnits;
    if (isHighSurrogate(text.charCodeAt(end - 1))) end--;
    insertions.push(encodeYInsertion({
      client: id.client,
      clock: id.clock + start,
      text: text.slice(start, end),
      left: start > 0 ? { client: id.client, clock: id.clock + start - 1 } : origin ?? undefined,
      right: rightOrigin ?? undefined,
      textName: typeof parent === "string" ? parent : "",
    }));
  }
  return insertions;
}

/** Short ones that follow each other are one. */
function packed(parts: readonly Uint8Array[], maxBytes: number): Uint8Array[] {
  const packs: Uint8Array[] = [];
  let pack: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes + part.length > maxBytes) {
      packs.push(Y.mergeUpdates(pack));
      pack = [];
      bytes = 0;
    }
    pack.push(part);
    bytes += part.length;
  }
  return [...packs, Y.mergeUpdates(pack)];
}
