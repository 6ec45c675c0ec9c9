/**
 * Lines of an IRC server, without what a model need not know: hosts, times, texts for people.
 *
 * @module
 */
import { parseIrcMessage } from "../../protocols/irc.ts";

/** Numerics whose last parameter is no text for people. */
const DATA = new Set("221 251 301 303 319 322 332 341 353 730 731 732 324".split(" "));
/** Of an answer of several lines, those that tell nothing of who is there and what is allowed. */
const SKIPPED = new Set("252 253 255 265 266 312 317 329 378".split(" "));
/** How many parameters tell something, where it is neither all nor all but the last. */
const KEPT: Readonly<Record<string, number>> = { 311: 1, 314: 1, 321: 1 };

/** What a line says: `ann JOIN #den`, `473 #den`; several where it tells of several changes, or nothing. */
export function plainLines(line: string): readonly string[] {
  const message = parseIrcMessage(line.replace(/\r$/, ""));
  if (message === null) return [];
  const { command, params } = message;
  const [name = "", mask] = message.source?.split("!") ?? [];
  if (/^\d{3}$/.test(command)) return numeric(command, params.slice(1));
  const source = mask === undefined ? "server" : name;
  if (command === "QUIT") return [`${name} QUIT`];
  if (command === "MODE" && params[0]?.startsWith("#")) return modes(name, params);
  return [[source, command, ...params].join(" ").trimEnd()];
}

function numeric(code: string, params: readonly string[]): readonly string[] {
  if (SKIPPED.has(code)) return [];
  if (code === "352") {
    const [channel, , , , nick, flags] = params;
    return [`352 ${channel} ${nick} ${flags}`];
  }
  const kept = params.slice(0, KEPT[code] ?? (DATA.has(code) ? params.length : -1));
  const last = kept.at(-1);
  if (last !== undefined && (code === "353" || code === "319")) kept.splice(-1, 1, sorted(last, " "));
  if (last !== undefined && /^73[012]$/.test(code)) kept.splice(-1, 1, sorted(last, ","));
  if (code === "324") kept.splice(1, 1, `+${sortedFlags(kept[1] ?? "")}`);
  return [[code, ...kept].join(" ").trimEnd()];
}

function sorted(list: string, separator: string): string {
  return list.split(separator).filter((item) => item !== "").map((item) => item.replace(/!.*/, "")).sort()
    .join(separator);
}

/** The letters without parameters first, in their order. */
function sortedFlags(letters: string): string {
  const all = [...letters.replace("+", "")];
  const plain = all.filter((letter) => !"kl".includes(letter)).sort();
  return [...plain, ...all.filter((letter) => "kl".includes(letter))].join("");
}

/** One line for each change of `+ov-k ann bob *`. */
function modes(by: string, [channel = "", letters = "", ...params]: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let sign = "+";
  for (const letter of letters) {
    if (letter === "+" || letter === "-") {
      sign = letter;
      continue;
    }
    const hasParam = "bovk".includes(letter) || (letter === "l" && sign === "+");
    const param = hasParam ? ` ${params.shift()}` : "";
    lines.push(`${by} MODE ${channel} ${sign}${letter}${param}`);
  }
  return lines;
}

/**
 * The lines in an order that does not hang on chance: lists of an answer, and what one does in several rooms,
 * come in any; that somebody is away is told by each room.
 */
export function inOrder(lines: readonly string[]): readonly string[] {
  const groups: string[][] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last !== undefined && kindOf(last[0] ?? "") === kindOf(line)) last.push(line);
    else groups.push([line]);
  }
  return groups.flatMap((group) => {
    const isAway = /^\S+ AWAY\b/.test(group[0] ?? "");
    return isAway ? [...new Set(group)] : group.sort();
  });
}

function kindOf(line: string): string {
  return /^\d{3}/.exec(line)?.[0] ?? line.split(" ", 2).join(" ");
}
