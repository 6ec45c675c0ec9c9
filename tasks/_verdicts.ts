/**
 * What came of mutants, kept in a file so that a run that was ended goes on where it was.
 *
 * @module
 */
import type { Mutant } from "./_mutants.ts";

/** What came of one mutant. */
export interface Verdict {
  readonly room: string;
  readonly what: string;
  readonly file: string;
  /** What the code was changed from and to: a mutant that was written anew is another one. */
  readonly change: string;
  /** The first test that failed; null when none did, absent when none was asked. */
  readonly tests?: string | null | undefined;
  /** The first campaign that failed; null when none did, absent when none was asked. */
  readonly campaigns?: string | null | undefined;
}

/** A verdict's key of its mutant. */
export function changeOf({ from, to }: Mutant): string {
  return `${from} -> ${to}`;
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === "object" && value !== null && "room" in value && "what" in value &&
    "change" in value;
}

/** Whether anybody has found it. */
export function isKilled({ tests, campaigns }: Verdict): boolean {
  return Boolean(tests) || Boolean(campaigns);
}

/** Verdicts in a file, one a line; the last of a mutant counts. */
export class Verdicts {
  readonly #path: string;
  readonly #byMutant = new Map<string, Verdict>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Those of the file, if it is there. */
  static async read(path: string): Promise<Verdicts> {
    const verdicts = new Verdicts(path);
    const text = await Deno.readTextFile(path).catch(() => "");
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const verdict: unknown = JSON.parse(line);
      if (isVerdict(verdict)) verdicts.#byMutant.set(keyOf(verdict.room, verdict.what), verdict);
    }
    return verdicts;
  }

  /** What is known of a mutant as it is now. */
  of(room: string, mutant: Mutant): Verdict | undefined {
    const verdict = this.#byMutant.get(keyOf(room, mutant.what));
    return verdict?.change === changeOf(mutant) ? verdict : undefined;
  }

  /** Keeps one, in the file too. */
  async add(verdict: Verdict): Promise<void> {
    this.#byMutant.set(keyOf(verdict.room, verdict.what), verdict);
    await Deno.writeTextFile(this.#path, `${JSON.stringify(verdict)}\n`, { append: true });
  }
}

function keyOf(room: string, what: string): string {
  return `${room}: ${what}`;
}

/** One mutant, for people. */
export function lineOf(verdict: Verdict): string {
  const { tests, campaigns, what, file } = verdict;
  const killers = [
    ...(tests ? [`tests: ${tests}`] : []),
    ...(campaigns ? [`simulation: ${campaigns}`] : []),
  ];
  return isKilled(verdict)
    ? `killed    ${what}\n          by ${killers.join("\n          by ")}`
    : `SURVIVED  ${what} (${file})`;
}

/** All of a room in one line. */
export function rateOf(room: string, verdicts: readonly Verdict[]): string {
  const share = (found: readonly Verdict[], asked: readonly Verdict[]) =>
    asked.length === 0
      ? "not asked"
      : `${found.length} of ${asked.length} (${Math.round(100 * found.length / asked.length)} %)`;
  const simulated = verdicts.filter(({ campaigns }) => campaigns !== undefined);
  const bySimulation = share(simulated.filter(({ campaigns }) => Boolean(campaigns)), simulated);
  return `${room}: ${share(verdicts.filter(isKilled), verdicts)} killed, by simulation alone ${bySimulation}`;
}
