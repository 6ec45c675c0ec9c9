/**
 * Mutation testing: plants realistic bugs one at a time in a copy of the repository, and says who finds them.
 *
 * @module
 */
import { defineTask, Failure, integer, runClient, text, toggle } from "./_cli.ts";
import { say } from "./_stdio.ts";

/** The command line. */
export const task = defineTask({
  name: "mutate",
  summary: "Plant bugs one at a time, and say which tests and campaigns find them",
  env: "MUTATE",
  flags: {
    only: text({ help: "Only the mutants of this room", value: "ROOM" }),
    from: integer({ help: "The first mutant of the room, counted from 1", default: 1, min: 1, max: 100_000 }),
    count: integer({ help: "How many mutants of a room at most", default: 100_000, min: 1, max: 100_000 }),
    seeds: integer({ help: "How many seeds each campaign is run with", default: 60, min: 1, max: 1_000_000 }),
    by: text({
      help: "Who is to find them: tests, campaigns, or both (each is asked)",
      value: "WHO",
      default: "both",
    }),
    check: toggle({ help: "Only see that every mutant's text is still there", env: [] }),
    table: text({ help: "The module with the mutants", value: "FILE", default: "tests/mutants/mod.ts" }),
    folder: text({ help: "Where the copy is made", value: "DIR", default: ".tmp/mutate" }),
  },
  examples: ["--check", "--only store", "--only editor --by campaigns --seeds 200"],
});

/** A realistic bug: one place of the code, written wrong. */
interface Mutant {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The mutants of a room, and what is to kill them. */
interface Room {
  readonly mutants: readonly Mutant[];
  readonly tests: readonly string[];
  readonly campaigns: readonly string[];
}

function isRoom(value: unknown): value is Room {
  return typeof value === "object" && value !== null && "mutants" in value && Array.isArray(value.mutants) &&
    "tests" in value && Array.isArray(value.tests) && "campaigns" in value && Array.isArray(value.campaigns);
}

/** The table, which belongs to the tests. */
async function readTable(path: string): Promise<[string, Room][]> {
  const module: unknown = await import(new URL(path, `file://${root}`).href);
  const rooms: unknown = typeof module === "object" && module !== null && "ROOMS" in module
    ? module.ROOMS
    : {};
  return Object.entries(typeof rooms === "object" && rooms !== null ? rooms : {})
    .filter((entry): entry is [string, Room] => isRoom(entry[1]));
}

/** A run of tests or campaigns that takes longer than this is hung, which is a way to be found. */
const HUNG_MS = 5 * 60_000;
const root = new URL("../", import.meta.url).pathname;

/** What came of one mutant. */
interface Verdict {
  readonly mutant: Mutant;
  /** The first test that failed; null when none did, undefined when none was asked. */
  readonly tests: string | null | undefined;
  /** The first campaign that failed; null when none did, undefined when none was asked. */
  readonly campaigns: string | null | undefined;
}

/** Mutants whose text is no longer in their file. */
async function staleIn(mutants: readonly Mutant[]): Promise<Mutant[]> {
  const stale: Mutant[] = [];
  for (const mutant of mutants) {
    const source = await Deno.readTextFile(`${root}${mutant.file}`).catch(() => "");
    if (!source.includes(mutant.from)) stale.push(mutant);
  }
  return stale;
}

async function output(command: string, args: readonly string[], cwd: string): Promise<[boolean, string]> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const hung = setTimeout(() => child.kill("SIGKILL"), HUNG_MS);
  try {
    const { success, stdout } = await child.output();
    return [success, new TextDecoder().decode(stdout)];
  } finally {
    clearTimeout(hung);
  }
}

/** A copy of what git knows, with the changes of the working tree. */
async function copyTo(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const [isRepository, listed] = await output("git", ["ls-files", "-z"], root);
  if (!isRepository) throw new Failure("Cannot copy the repository: git does not list its files");
  for (const file of listed.split("\0")) {
    if (file === "") continue;
    const target = `${folder}/${file}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    // A file that was removed and not committed yet.
    await Deno.copyFile(`${root}${file}`, target).catch(() => {});
  }
}

async function failingTest(folder: string, tests: readonly string[]): Promise<string | null> {
  const args = ["test", "-q", "-A", "--no-check", "--fail-fast", ...tests];
  const [isGreen, text] = await output(Deno.execPath(), args, folder);
  return isGreen ? null : /^(.*?) \.\.\. FAILED/m.exec(text)?.[1] ?? "it does not even start";
}

async function failingCampaign(
  folder: string,
  campaigns: readonly string[],
  seeds: number,
): Promise<string | null> {
  for (const campaign of campaigns) {
    const args = ["run", "-q", "-A", "--no-check", "tasks/simulate.ts", "--only", campaign];
    const [isGreen, text] = await output(Deno.execPath(), [...args, "--seeds", String(seeds)], folder);
    if (!isGreen) {
      return /^Cannot pass (.*)$/m.exec(text)?.[1]?.slice(0, 160) ?? `${campaign}: it does not run`;
    }
  }
  return null;
}

/** Plants one mutant, asks, and takes it out again. */
async function judge(
  mutant: Mutant,
  room: Room,
  folder: string,
  { by, seeds }: { readonly by: string; readonly seeds: number },
): Promise<Verdict> {
  const path = `${folder}/${mutant.file}`;
  const source = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, source.replaceAll(mutant.from, () => mutant.to));
  try {
    const asksCampaigns = by !== "tests" && room.campaigns.length > 0;
    const campaigns = asksCampaigns ? await failingCampaign(folder, room.campaigns, seeds) : undefined;
    const tests = by === "campaigns" ? undefined : await failingTest(folder, room.tests);
    return { mutant, tests, campaigns };
  } finally {
    await Deno.writeTextFile(path, source);
  }
}

function lineOf({ mutant, tests, campaigns }: Verdict): string {
  const killers = [
    ...(tests ? [`tests: ${tests}`] : []),
    ...(campaigns ? [`simulation: ${campaigns}`] : []),
  ];
  return killers.length === 0
    ? `  SURVIVED  ${mutant.what} (${mutant.file})`
    : `  killed    ${mutant.what}\n              by ${killers.join("\n              by ")}`;
}

function rate(name: string, verdicts: readonly Verdict[]): string {
  const share = (found: readonly Verdict[], asked: readonly Verdict[]) =>
    asked.length === 0 ? "not asked" : `${found.length} of ${asked.length}`;
  const killed = verdicts.filter(({ tests, campaigns }) => Boolean(tests) || Boolean(campaigns));
  const simulated = verdicts.filter(({ campaigns }) => campaigns !== undefined);
  return `${name}: ${share(killed, verdicts)} killed, by simulation alone ${
    share(simulated.filter(({ campaigns }) => Boolean(campaigns)), simulated)
  }`;
}

if (import.meta.main) {
  await runClient(task, async ({ only, from, count, seeds, by, check, table, folder }) => {
    const known = await readTable(table);
    const rooms = known.filter(([name]) => only === undefined || name === only);
    if (rooms.length === 0) {
      throw new Failure(`Cannot mutate ${only}: the rooms are ${known.map(([name]) => name).join(", ")}`);
    }
    if (!["tests", "campaigns", "both"].includes(by)) {
      throw new Failure(`Cannot ask ${by}: --by takes tests, campaigns or both`);
    }
    const all = rooms.flatMap(([, { mutants }]) => mutants);
    const stale = await staleIn(all);
    for (const { what, file } of stale) say(`STALE  ${what}: its text is no longer in ${file}`);
    if (check) {
      say(`${all.length} mutants, ${stale.length} stale`);
      return stale.length === 0 ? 0 : 1;
    }
    await copyTo(folder);
    const rates: string[] = [];
    let survivors = 0;
    for (const [name, room] of rooms) {
      const verdicts: Verdict[] = [];
      for (const mutant of room.mutants.slice(from - 1, from - 1 + count)) {
        if (stale.includes(mutant)) continue;
        const verdict = await judge(mutant, room, folder, { by, seeds });
        verdicts.push(verdict);
        say(lineOf(verdict));
      }
      survivors += verdicts.filter(({ tests, campaigns }) => !tests && !campaigns).length;
      rates.push(rate(name, verdicts));
    }
    for (const line of rates) say(line);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    return survivors === 0 && stale.length === 0 ? 0 : 1;
  });
}
