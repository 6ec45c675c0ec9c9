/**
 * The table of mutants that `deno task mutate` plants: what is exported as `ROOMS` by a module of the tests.
 *
 * @module
 */

/** A realistic bug: one place of the code, written wrong. */
export interface Mutant {
  /** What is wrong then. */
  readonly what: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  /** What stands there; all places where it does are changed. */
  readonly from: string;
  readonly to: string;
}

/** The mutants of a room, and what is to kill them. */
export interface Room {
  readonly mutants: readonly Mutant[];
  /** Files and directories of tests, the quick ones first. */
  readonly tests: readonly string[];
  /** Names of campaigns, and how many seeds each is run with: at most those of `deno task test`. */
  readonly campaigns: readonly (readonly [name: string, seeds: number])[];
}

function isRoom(value: unknown): value is Room {
  return typeof value === "object" && value !== null && "mutants" in value && Array.isArray(value.mutants) &&
    "tests" in value && Array.isArray(value.tests) && "campaigns" in value && Array.isArray(value.campaigns);
}

/** The rooms of the module at this URL, by name. */
export async function readRooms(url: URL): Promise<[string, Room][]> {
  const module: unknown = await import(url.href);
  const rooms: unknown = typeof module === "object" && module !== null && "ROOMS" in module
    ? module.ROOMS
    : {};
  return Object.entries(typeof rooms === "object" && rooms !== null ? rooms : {})
    .filter((entry): entry is [string, Room] => isRoom(entry[1]));
}

/** Mutants whose text is no longer in their file, below a directory that ends with a slash. */
export async function staleOf(mutants: readonly Mutant[], root: string): Promise<Mutant[]> {
  const stale: Mutant[] = [];
  for (const mutant of mutants) {
    const source = await Deno.readTextFile(`${root}${mutant.file}`).catch(() => "");
    if (!source.includes(mutant.from)) stale.push(mutant);
  }
  return stale;
}
