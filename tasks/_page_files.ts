/**
 * The files of a page that are written by hand, with what all pages have in common put in.
 *
 * @module
 */
import { Failure } from "./_cli.ts";

const pages = new URL("../pages/", import.meta.url);

/** A line `<!-- include: ../_shared/FILE -->` of a page, or the same as a comment of a style sheet. */
const INCLUDE = /^[ \t]*(?:<!--|\/\*) include: (\S+) (?:-->|\*\/)\n/gm;

/** The text of `pages/NAME/FILE`: what its `include` comments name stands in their places. */
export async function readPageFile(name: string, file: string): Promise<string> {
  const url = new URL(`${name}/${file}`, pages);
  const text = await Deno.readTextFile(url);
  let included = "";
  let end = 0;
  for (const { 0: comment, 1: path = "", index } of text.matchAll(INCLUDE)) {
    included += text.slice(end, index) + await Deno.readTextFile(new URL(path, url)).catch((cause) => {
      throw new Failure(`Cannot include ${path} in pages/${name}/${file}: it cannot be read`, { cause });
    });
    end = index + comment.length;
  }
  return included + text.slice(end);
}
