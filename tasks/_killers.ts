/**
 * Who found which mutant, kept for the next run: who found it once is asked first.
 *
 * @module
 */

/** Who finds a mutant. */
export interface Killer {
  /** The name of a campaign, and the seed with which it does. */
  readonly campaign?: readonly [name: string, seed: number] | undefined;
  /** The file of the test. */
  readonly test?: string | undefined;
}

type ByMutant = Record<string, Killer>;

function isKiller(value: unknown): value is Killer {
  if (typeof value !== "object" || value === null) return false;
  const { campaign, test }: { campaign?: unknown; test?: unknown } = value;
  const hasCampaign = Array.isArray(campaign) && typeof campaign[0] === "string" &&
    typeof campaign[1] === "number";
  return (campaign === undefined || hasCampaign) && (test === undefined || typeof test === "string");
}

/**
 * Of each room how many mutants there are, how many campaigns have found, and how many these or tests, as a
 * Markdown table: what `docs/simulator.md` has.
 */
export function rateTable(
  rooms: readonly (readonly [room: string, what: readonly string[]])[],
  killers: Killers,
): string {
  // Rounded down: 100 % are all.
  const share = (found: number, of: number) => `${found} (${Math.floor(100 * found / Math.max(of, 1))} %)`;
  const counted = rooms.map(([room, all]) => {
    const known = all.map((what) => killers.of(room, what));
    const byCampaigns = known.filter(({ campaign }) => campaign !== undefined).length;
    const found = known.filter(({ campaign, test }) => campaign !== undefined || test !== undefined).length;
    return { room, all: all.length, byCampaigns, found };
  });
  const sum = (of: "all" | "byCampaigns" | "found") => counted.reduce((total, one) => total + one[of], 0);
  const total = { room: "all", all: sum("all"), byCampaigns: sum("byCampaigns"), found: sum("found") };
  return [
    "| room | mutants | campaigns alone | campaigns or tests |",
    "| --- | --- | --- | --- |",
    ...[...counted, total].map(({ room, all, byCampaigns, found }) =>
      `| ${room} | ${all} | ${share(byCampaigns, all)} | ${share(found, all)} |`
    ),
  ].join("\n");
}

/** Killers in a file, by room and by the story of the mutant. */
export class Killers {
  readonly #path: string;
  readonly #rooms = new Map<string, ByMutant>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Those of the file, if it is there. */
  static async read(path: string): Promise<Killers> {
    const killers = new Killers(path);
    const rooms: unknown = JSON.parse(await Deno.readTextFile(path).catch(() => "{}"));
    if (typeof rooms !== "object" || rooms === null) return killers;
    for (const [room, mutants] of Object.entries(rooms)) {
      const known = Object.entries(mutants ?? {}).filter((entry): entry is [string, Killer] =>
        isKiller(entry[1])
      );
      killers.#rooms.set(room, Object.fromEntries(known));
    }
    return killers;
  }

  /** Who found it; nobody yet when both are absent. */
  of(room: string, what: string): Killer {
    return this.#rooms.get(room)?.[what] ?? {};
  }

  /** Notes who has found it now, or does not any more; who found it before, and was not asked, stays. */
  note(room: string, what: string, killer: Killer): void {
    const known = { ...this.of(room, what), ...killer };
    this.#rooms.set(room, { ...this.#rooms.get(room), [what]: known });
  }

  /** Writes the file anew: those of `stories` alone, in their order. */
  async write(stories: readonly (readonly [room: string, what: readonly string[]])[]): Promise<void> {
    const rooms = stories.map(([room, all]) => {
      const known = all.filter((what) => {
        const { campaign, test } = this.of(room, what);
        return campaign !== undefined || test !== undefined;
      });
      return [room, Object.fromEntries(known.map((what) => [what, this.of(room, what)]))];
    });
    await Deno.writeTextFile(this.#path, `${JSON.stringify(Object.fromEntries(rooms), null, 2)}\n`);
  }
}
