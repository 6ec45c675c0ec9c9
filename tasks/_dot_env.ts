/**
 * `.env`, read so that nothing in it is passed over in silence: a line that is no setting, and a name that is
 * nearly one of ours, are told of; where they could be meant for what keeps strangers out, the program does
 * not start.
 *
 * @module
 */
import { parse } from "@std/dotenv/parse";
import { editDistance } from "./_edit_distance.ts";
import { isBlank, UsageError } from "./_flags.ts";

/** The names that a program knows. */
export interface KnownNames {
  readonly all: readonly string[];
  /** Those without which strangers get in: tokens and certificates. */
  readonly guarding: readonly string[];
  /** Before the program's own names, `RECORDS`: another program's names may stand in the file, too. */
  readonly prefixes: readonly string[];
}

/** What a file says. */
export interface DotEnv {
  readonly values: ReadonlyMap<string, string>;
  /** What is odd about it, a text each, that names the line. */
  readonly warnings: readonly string[];
}

/** A line of the file that says something. */
interface Line {
  readonly number: number;
  readonly text: string;
  /** The name that it sets; without one it is no setting. */
  readonly name?: string;
  /** What follows the equals sign, to the end of the line. */
  readonly value?: string;
  /** The lines after this one over which a quoted value goes on. */
  readonly more: readonly string[];
}

/** Only blanks and tabs may stand around a name: to `parse`, any other white space is a part of it. */
const SETTING = /^[ \t]*(?:export[ \t]+)?([^\s=:'"`#]+)[ \t]*=\s*(.*)$/s;
const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/**
 * Reads the text of a `.env`; a byte order mark and line ends of any system are fine.
 *
 * @throws {UsageError} where a line could be meant for a guarding name, and would not be taken so
 */
export function readDotEnv(text: string, known: KnownNames, path = ".env"): DotEnv {
  const clean = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  if (/[\0\ufffd]/.test(clean)) throw new UsageError(`${path} is not UTF-8 text`);
  const warnings: string[] = [];
  const seen = new Map<string, number>();
  for (const line of settings(clean)) {
    const problem = problemOf(line, known, seen);
    if (line.name !== undefined) seen.set(line.name, line.number);
    if (problem === undefined) continue;
    const said = `${path}, line ${line.number}: ${problem.text}`;
    if (problem.guards) {
      throw new UsageError(`${said}. ${NOTHING_STARTED}`);
    }
    warnings.push(said);
  }
  const values = new Map(Object.entries(parse(clean)));
  for (const name of known.guarding) {
    if (!seen.has(name) || values.has(name)) continue;
    throw new UsageError(`${path}, line ${seen.get(name)}: ${name} cannot be read. ${NOTHING_STARTED}`);
  }
  for (const name of known.guarding) {
    if (!isBlank(values.get(name) ?? name)) continue;
    throw new UsageError(
      `${path}, line ${
        seen.get(name)
      }: ${name} is empty. ${NOTHING_STARTED}: give it a value, or remove the line`,
    );
  }
  return { values, warnings };
}

const NOTHING_STARTED = "As it could be meant to keep strangers out, nothing is started";

/** The lines that say something; a quoted value may go on over several. */
function settings(text: string): Line[] {
  const found: Line[] = [];
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value = ""] = SETTING.exec(line) ?? [];
    const end = lastLineOf(value, lines, index);
    const more = lines.slice(index + 1, end + 1);
    found.push({ number: index + 1, text: line, more, ...(name !== undefined && { name, value }) });
    index = end;
  }
  return found;
}

/** Where a value that begins in a line ends: it may be quoted, over several lines. */
function lastLineOf(value: string, lines: readonly string[], first: number): number {
  const quote = /^["'`]/.exec(value)?.[0];
  if (quote === undefined || value.indexOf(quote, 1) > 0) return first;
  const last = lines.findIndex((later, at) => at > first && later.includes(quote));
  return last < 0 ? first : last;
}

interface Problem {
  readonly text: string;
  /** It could be meant for a guarding name. */
  readonly guards: boolean;
}

function problemOf(line: Line, known: KnownNames, seen: ReadonlyMap<string, number>): Problem | undefined {
  const { name } = line;
  if (name === undefined) {
    const words = line.text.replace(/\s#.*$/, "").split(/[^\p{L}\p{N}_-]+/u);
    const nearly = words.map((word) => nearest(word, known)).filter((near) => near !== undefined);
    const meant = nearly.find(({ guards }) => guards) ?? nearly[0];
    const hint = meant === undefined ? "" : ` (${meant.name}?)`;
    return { text: `this is no setting, which would be KEY=value${hint}`, guards: meant?.guards ?? false };
  }
  const hidden = hiddenIn(line, known);
  if (hidden !== undefined) {
    return { text: `${hidden} would be a part of the value of ${name}`, guards: true };
  }
  if (known.all.includes(name)) return problemOfValue(name, line, known, seen.get(name));
  const near = nearest(name, known);
  if (near === undefined) {
    if (NAME.test(name)) return undefined;
    return { text: `${JSON.stringify(name)} is no name of a setting`, guards: false };
  }
  return { text: `there is no setting ${JSON.stringify(name)}. Is ${near.name} meant?`, guards: near.guards };
}

/** A name with a sign after it, in the middle of a line. */
const SETTING_WITHIN = /(?<![^\s\u0085;,])([^\s\u0085;,=:'"`#]+)\s*[=:]/gu;

/**
 * The guarding name that is set within the value of another: in the same line, or in one over which an open
 * quote goes on.
 */
function hiddenIn({ value = "", more }: Line, { guarding, prefixes }: KnownNames): string | undefined {
  const said = [more.length === 0 ? value.replace(/(^|\s)#.*$/, "") : value, ...more].join("\n");
  const words = [...said.matchAll(SETTING_WITHIN)].flatMap(([, word = ""]) => bareForms(word, prefixes));
  return guarding.find((name) => words.some((word) => editDistance(word, bare(name)) <= 2));
}

function problemOfValue(
  name: string,
  { value = "", more }: Line,
  known: KnownNames,
  before: number | undefined,
): Problem | undefined {
  const guards = known.guarding.includes(name);
  const taken = guards ? cutShort([value, ...more].join("\n")) : undefined;
  if (taken !== undefined) {
    return {
      text: `of ${name}, only what is in its first quotes would be taken: ${taken} characters`,
      guards,
    };
  }
  const quote = /^["'`]/.exec(value)?.[0];
  if (quote !== undefined && !value.slice(1).includes(quote) && !value.endsWith(quote)) {
    return { text: `the quote after ${name}= has no end in this line`, guards: false };
  }
  if (guards && quote === undefined && /\S#/.test(value)) {
    return { text: `what follows # in ${name} would be cut off: put the value in quotes`, guards };
  }
  if (before !== undefined) return { text: `${name} is set in line ${before} already`, guards };
  return undefined;
}

/** How many characters are taken of a quoted value that has more than a comment behind its quotes. */
function cutShort(value: string): number | undefined {
  const [, quote, taken = "", rest = ""] = /^(["'])(.*?)\1(.*)$/s.exec(value) ?? [];
  return quote === undefined || /^\s*$|^\s+#[^\n]*$/.test(rest) ? undefined : taken.length;
}

/** Letters and digits in capitals, which is what is left of a name when it is mistyped in another way. */
function bare(name: string): string {
  return name.normalize("NFKC").toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Whether one bare name is nearly another: a letter or two differ, or letters have changed places. */
function isNearly(one: string, other: string): boolean {
  const letters = (name: string) => [...name].sort().join("");
  return editDistance(one, other) <= (other.length < 12 ? 1 : 2) || letters(one) === letters(other);
}

/** The shortest part of a guarding name that is taken for it: `TOKEN` for `AUTH_TOKEN`. */
const MIN_PART = 4;
/** How many times longer the name may be: `FILE` says too little to be `SECRET_FILE`. */
const MAX_TIMES_PART = 2.25;

function withoutPrefix(name: string, prefixes: readonly string[]): string {
  const own = prefixes.find((prefix) => name.startsWith(`${prefix}_`));
  return own === undefined ? name : name.slice(own.length + 1);
}

/**
 * A name that is written in any way: whole, without a prefix, whatever stands between the two, and what is
 * after its last dot.
 */
function bareForms(written: string, prefixes: readonly string[]): string[] {
  const whole = bare(written);
  const own = prefixes.map(bare).filter((prefix) => whole.startsWith(prefix));
  const dotted = written.includes(".") ? [bare(written.slice(written.lastIndexOf(".")))] : [];
  return [whole, ...own.map((prefix) => whole.slice(prefix.length)), ...dotted];
}

function isPart(word: string, whole: string): boolean {
  if (word.length < MIN_PART || word.length * MAX_TIMES_PART < whole.length) return false;
  return whole.startsWith(word) || whole.endsWith(word);
}

/** The name that one is nearly, if there is one. */
function nearest(given: string, known: KnownNames): { name: string; guards: boolean } | undefined {
  const { prefixes } = known;
  for (const word of bareForms(given, prefixes)) {
    if (word.length < 3) continue;
    for (const name of known.guarding) {
      const whole = bare(name);
      if (
        isPart(word, bare(withoutPrefix(name, prefixes))) || word.startsWith(whole) ||
        editDistance(word, whole) <= 2
      ) {
        return { name, guards: true };
      }
    }
    for (const name of known.all) {
      if (isNearly(word, bare(name))) return { name, guards: false };
    }
  }
  return undefined;
}
