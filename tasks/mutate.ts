/**
 * Mutation testing: plants realistic bugs one at a time in a copy of the repository, and says who finds them.
 *
 * @module
 */
import { choice, defineTask, Failure, integer, runClient, text, toggle } from "./_cli.ts";
import { Killers, rateTable } from "./_killers.ts";
import { MutantCopy } from "./_mutant_copy.ts";
import { type Mutant, readRooms, type Room, staleOf } from "./_mutants.ts";
import { say } from "./_stdio.ts";
import { changeOf, isKilled, lineOf, rateOf, type Verdict, Verdicts } from "./_verdicts.ts";

/** The command line. */
export const task = defineTask({
  name: "mutate",
  summary: "Plant bugs one at a time, and say which tests and campaigns find them",
  env: "MUTATE",
  flags: {
    only: text({ help: "Only the mutants of this room", value: "ROOM" }),
    mutant: text({ help: "Only mutants whose story has this in it", value: "TEXT" }),
    seeds: integer({
      help: "How many seeds each campaign is run with, in place of the table's",
      min: 1,
      max: 1_000_000,
    }),
    by: choice(["campaigns", "tests", "either", "both"], {
      help: "Who is to find them; with either, tests are asked about what campaigns do not find",
      default: "either",
    }),
    resume: toggle({ help: "Go on where the last run was: do not ask again about what is known", env: [] }),
    survivors: toggle({ help: "As --resume, but ask those of --by again about what survived", env: [] }),
    allTests: toggle({ help: "Ask all tests of the repository, not the room's alone", env: [] }),
    remember: toggle({ help: "Write who found them to the table's killers.json", env: [] }),
    minutes: integer({ help: "End after so many minutes", min: 1, max: 100_000 }),
    noBaseline: toggle({ help: "Do not see first that all pass where nothing is planted", env: [] }),
    check: toggle({ help: "Only see that every mutant's text is still there", env: [] }),
    rates: toggle({ help: "Only print what was found last, by room, as a table", env: [] }),
    table: text({ help: "The module with the mutants", value: "FILE", default: "tests/mutants/mod.ts" }),
    folder: text({ help: "Where the copy and the verdicts are", value: "DIR", default: ".tmp/mutate" }),
  },
  examples: ["--check", "--only store", "--only editor --by campaigns --seeds 200", "--resume --minutes 5"],
});

const root = new URL("../", import.meta.url).pathname;

/** Beside the table: who found which of its mutants. */
function killersFile(table: string): string {
  return `${root}${table.replace(/[^/]*$/, "killers.json")}`;
}

/** Who is asked about mutants. */
type Judges = "campaigns" | "tests" | "either" | "both";

/** How mutants are judged. */
interface Judgement {
  readonly by: Judges;
  /** What an earlier run came to, which is not asked again. */
  readonly known: Verdict | undefined;
  /** Who found it once, and is asked first; told of who does now. */
  readonly killers: Killers;
}

/** Whether there is nothing more to ask. */
function isAnswered({ tests, campaigns }: Verdict, room: Room, by: Judges): boolean {
  const byCampaigns = campaigns !== undefined || room.campaigns.length === 0;
  if (by === "campaigns") return byCampaigns;
  if (by === "either") return Boolean(tests) || Boolean(campaigns) || (byCampaigns && tests !== undefined);
  return tests !== undefined && (by === "tests" || byCampaigns);
}

/** What of a verdict stays when these are asked again. */
function unasked(verdict: Verdict, by: Judges): Verdict {
  return {
    ...verdict,
    tests: by === "campaigns" ? verdict.tests : undefined,
    campaigns: by === "tests" ? verdict.campaigns : undefined,
  };
}

/** Plants one mutant, asks, and takes it out again. */
function judge(
  copy: MutantCopy,
  [name, room]: readonly [string, Room],
  mutant: Mutant,
  { by, known, killers }: Judgement,
): Promise<Verdict> {
  const { what, file } = mutant;
  const first = killers.of(name, what);
  return copy.plant(mutant, async () => {
    await copy.checkParses(mutant);
    let { campaigns, tests } = known ?? {};
    if (by !== "tests" && campaigns === undefined && room.campaigns.length > 0) {
      const found = await copy.failingCampaign(room.campaigns, first.campaign);
      killers.note(name, what, found?.killer ?? { campaign: undefined });
      campaigns = found?.text ?? null;
    }
    const asksTests = by === "tests" || by === "both" || (by === "either" && !campaigns);
    if (asksTests && tests === undefined) {
      const found = await copy.failingTest(room.tests, file, first.test);
      killers.note(name, what, found?.killer ?? { test: undefined });
      tests = found?.text ?? null;
    }
    return { room: name, what, file, change: changeOf(mutant), tests, campaigns };
  });
}

/** The same room, with so many seeds for each campaign. */
function withSeeds(room: Room, seeds: number): Room {
  return { ...room, campaigns: room.campaigns.map(([name]) => [name, seeds]) };
}

/** What is to be run first, to see that it passes. */
function baselineOf(room: Room, by: Judges): Room {
  return {
    ...room,
    tests: by === "campaigns" ? [] : room.tests,
    campaigns: by === "tests" ? [] : room.campaigns,
  };
}

if (import.meta.main) {
  await runClient(task, async (flags, { signal }) => {
    const { only, mutant: story = "", seeds, by, minutes, folder } = flags;
    const known = await readRooms(new URL(flags.table, `file://${root}`));
    const rooms = known.filter(([name]) => only === undefined || name === only);
    if (rooms.length === 0) {
      throw new Failure(`Cannot mutate ${only}: the rooms are ${known.map(([name]) => name).join(", ")}`);
    }
    const all = rooms.flatMap(([, { mutants }]) => mutants);
    if (flags.rates) {
      const killers = await Killers.read(killersFile(flags.table));
      say(rateTable(rooms.map(([name, { mutants }]) => [name, mutants.map(({ what }) => what)]), killers));
      return 0;
    }
    const stale = await staleOf(all, root);
    for (const { what, file } of stale) say(`STALE  ${what}: its text is no longer in ${file}`);
    if (flags.check) {
      say(`${all.length} mutants, ${stale.length} stale`);
      return stale.length === 0 ? 0 : 1;
    }
    const verdictsFile = `${folder}.verdicts.jsonl`;
    if (!flags.resume && !flags.survivors) await Deno.remove(verdictsFile).catch(() => {});
    const verdicts = await Verdicts.read(verdictsFile);
    const killers = await Killers.read(killersFile(flags.table));
    await using copy = await MutantCopy.make(root, folder, signal);
    await copy.checkLoads();
    const endMs = performance.now() + (minutes ?? Infinity) * 60_000;
    const rates: string[] = [];
    let survivors = 0;
    let left = 0;
    for (const [name, asWritten] of rooms) {
      const asked = flags.allTests ? { ...asWritten, tests: [...asWritten.tests, "tests"] } : asWritten;
      const room = seeds === undefined ? asked : withSeeds(asked, seeds);
      const chosen = room.mutants.filter((one) => one.what.includes(story) && !stale.includes(one));
      const knownOf = (one: Mutant) => {
        const verdict = verdicts.of(name, one);
        const isToBeAsked = verdict !== undefined && flags.survivors && !isKilled(verdict);
        return isToBeAsked ? unasked(verdict, by) : verdict;
      };
      const toAsk = chosen.filter((one) => {
        const verdict = knownOf(one);
        return verdict === undefined || !isAnswered(verdict, room, by);
      });
      if (toAsk.length > 0 && !flags.noBaseline && performance.now() < endMs) {
        await copy.check(baselineOf(room, by));
      }
      for (const [index, mutant] of toAsk.entries()) {
        signal.throwIfAborted();
        if (performance.now() > endMs) {
          left += toAsk.length - index;
          break;
        }
        const verdict = await judge(copy, [name, room], mutant, {
          by,
          known: knownOf(mutant),
          killers,
        });
        await verdicts.add(verdict);
        if (flags.remember) {
          await killers.write(known.map(([name, { mutants }]) => [name, mutants.map(({ what }) => what)]));
        }
        say(`${name} ${index + 1}/${toAsk.length}  ${lineOf(verdict)}`);
      }
      const found = chosen.flatMap((one) => verdicts.of(name, one) ?? []);
      survivors += found.filter((verdict) => !isKilled(verdict)).length;
      rates.push(rateOf(name, found));
    }
    for (const line of rates) say(line);
    if (left > 0) say(`${left} mutants are left: --resume goes on`);
    return survivors === 0 && left === 0 && stale.length === 0 ? 0 : 1;
  });
}
