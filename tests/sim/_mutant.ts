/**
 * The repository's own code with one line changed: to see that a campaign would find it.
 *
 * @module
 */
import { root, tempDirectory } from "../_helpers.ts";

/** What to change. */
export interface Mutation {
  /** The module whose exports are wanted, from the repository's root. */
  readonly entry: string;
  /** The file to change, which `entry` imports directly or not. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const RELATIVE_IMPORT = /(from\s+")(\.[^"]+)(")/g;

/** Loads `entry` and what leads from it to `file` anew, with `file` changed everywhere it says `from`. */
export async function mutant(mutation: Mutation): Promise<Record<string, unknown>> {
  await using directory = await tempDirectory();
  const rootUrl = new URL(`file://${root}`);
  const changed = new URL(mutation.file, rootUrl).href;
  const copies = new Map<string, string | undefined>();

  /** The URL of a changed copy; undefined when nothing is changed in or below the module. */
  const copy = async (url: string): Promise<string | undefined> => {
    if (copies.has(url)) return copies.get(url);
    copies.set(url, undefined);
    let text = await Deno.readTextFile(new URL(url));
    let isChanged = url === changed;
    if (isChanged) {
      if (!text.includes(mutation.from)) {
        throw new Error(`Cannot change ${mutation.file}: it has no ${mutation.from}`);
      }
      text = text.replaceAll(mutation.from, mutation.to);
    }
    const replacements = new Map<string, string>();
    for (const [, , specifier] of text.matchAll(RELATIVE_IMPORT)) {
      if (specifier === undefined) continue;
      const target = new URL(specifier, url).href;
      const copied = await copy(target);
      isChanged ||= copied !== undefined;
      replacements.set(specifier, copied ?? target);
    }
    if (!isChanged) return undefined;
    text = text.replace(
      RELATIVE_IMPORT,
      (_, before: string, specifier: string, after: string) => before + replacements.get(specifier) + after,
    );
    const path = directory.file(`${copies.size}_${url.slice(url.lastIndexOf("/") + 1)}`);
    await Deno.writeTextFile(path, text);
    copies.set(url, new URL(`file://${path}`).href);
    return copies.get(url);
  };

  const entry = await copy(new URL(mutation.entry, rootUrl).href);
  if (entry === undefined) {
    throw new Error(`Cannot change ${mutation.entry}: it does not import ${mutation.file}`);
  }
  return await import(entry);
}
