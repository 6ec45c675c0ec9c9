/**
 * What to do about a right that a task does not have. Deno advises a flag, which `deno run` takes and
 * `deno task` does not, and which takes the place of what the task's permission set lists of that kind.
 *
 * @module
 */
import { posix } from "node:path";
import config from "../deno.json" with { type: "json" };

/** As Deno says it. */
const MISSING = /(Requires (read|write|net) access to "([^"]+)"), run again with the --allow-\2 flag/;

type Kind = "read" | "write" | "net";

/** Those of a permission set, as `deno.json` has them. */
type Listed = Readonly<Partial<Record<Kind, boolean | readonly string[] | Restricted>>>;

interface Restricted {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

const root = decodeURIComponent(new URL("..", import.meta.url).pathname);

/** How far the causes of an error are followed: some go in a circle. */
const MAX_CAUSES = 8;

/** The text of a failure, with what to do in place of Deno's advice, which a task could not follow. */
export function withAdvice(text: string, taskName: string): string {
  const [, missing, kind, needed = ""] = MISSING.exec(text) ?? [];
  if (missing === undefined || !isKind(kind)) return text;
  return text.replace(MISSING, `${missing}, ${adviceFor(kind, needed, taskName)}`);
}

/** The same for a failure whose promised text leaves out its cause; undefined where that is no such right. */
export function adviceOn(error: unknown, taskName: string): string | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    const advised = withAdvice(cause.message, taskName);
    if (advised !== cause.message) return advised.includes(OWN_FILES) ? undefined : advised;
    cause = cause.cause;
  }
  return undefined;
}

function isKind(kind: string | undefined): kind is Kind {
  return kind === "read" || kind === "write" || kind === "net";
}

const OWN_FILES = "and the program's own files are never given";

function adviceFor(kind: Kind, needed: string, taskName: string): string {
  if (Deno.build.standalone) return "which this program was not compiled with";
  const tasks: Readonly<Record<string, { readonly command: string }>> = config.tasks;
  const [, set = "", script] = / -P=(\S+) .*?(tasks\/\S+\.ts)$/.exec(tasks[taskName]?.command ?? "") ?? [];
  if (script === undefined) {
    return `which deno task ${taskName} has not: give it to the command that deno.json has for it`;
  }
  const sets: Readonly<Record<string, Listed>> = config.permissions;
  const rights = sets[set] ?? {};
  if (kind !== "net" && isDenied(rights[kind], needed)) return OWN_FILES;
  const keepsData = kind !== "net" && rights.write !== undefined;
  const place = kind === "net" ? needed.replace(/:\d+$/, "") : keepsData ? directoryOf(needed) : needed;
  const flags = (keepsData ? ["read", "write"] as const : [kind]).map((each) =>
    `--allow-${each}=${[...allowed(rights[each]), place].join(",")}`
  );
  return `which deno task ${taskName} has not. Run: deno run -q -P=${set} ${flags.join(" ")} ${script} …`;
}

/** Where a file of that name is kept, with what is beside it: its lock, its replacement. */
function directoryOf(path: string): string {
  return /\/[^/]*\.[^/]*$/.test(path) ? path.replace(/(?<=.)\/[^/]*$/, "") : path;
}

function allowed(listed: Listed[Kind]): readonly string[] {
  if (typeof listed !== "object") return [];
  return "allow" in listed ? listed.allow : listed;
}

function isDenied(listed: Listed[Kind], path: string): boolean {
  if (typeof listed !== "object" || !("deny" in listed)) return false;
  const own = posix.normalize(path.startsWith("/") ? path : `${root}${path}`);
  return listed.deny.some((denied) => `${own}/`.startsWith(`${root}${denied.replace("./", "")}/`));
}
