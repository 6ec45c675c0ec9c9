/**
 * How figures are put together in a report: by what they measure, growing ones as a series.
 *
 * @module
 */
import { type Figure, groupBy, type Machine } from "./figures.ts";

/** One figure at several sizes of the work. */
export interface Growth {
  readonly title: string;
  readonly figures: readonly Figure[];
}

/** The figures of one subject. */
export interface Group {
  readonly title: string;
  /** What measures them. */
  readonly command: string;
  /** Those that are in no series. */
  readonly figures: readonly Figure[];
  readonly growth: readonly Growth[];
}

/** The subject of a benchmark: its name up to what tells it from its neighbours. */
function subjectOf({ bench }: Figure): string {
  return /^[a-z-]+/.exec(bench)?.[0] ?? bench;
}

/** The name of a series: that of its figures without the size. */
function seriesOf({ name }: Figure): string {
  return name.replace(/[, ]+\d+×$/, "");
}

/** Figures by subject, in the order in which they were measured. */
export function groupsOf(figures: readonly Figure[]): Group[] {
  return [...groupBy(figures, subjectOf)].map(([title, of]) => {
    const growing = of.filter(({ scale }) => scale !== undefined);
    return {
      title,
      command: `deno task bench --full --only ${title}`,
      figures: of.filter(({ scale }) => scale === undefined),
      growth: [...groupBy(growing, seriesOf)].map(([title, figures]) => ({ title, figures })),
    };
  });
}

function machineText({ cpu, cores, memoryGiB, kernel, deno }: Machine): string {
  return `${cores} cores of ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Deno ${deno}`;
}

/** Where and when: the machines, the days, and how busy they were otherwise. */
export function machineLine(figures: readonly Figure[]): string {
  const machines = [...new Set(figures.map(({ machine }) => machineText(machine)))];
  const dates = figures.map(({ date }) => date).sort();
  const [first, last] = [dates[0] ?? "", dates.at(-1) ?? ""];
  const loads = figures.map(({ load }) => load);
  const when = first === last ? first : `${first} to ${last}`;
  const load = `load average before the run ${Math.min(...loads).toFixed(2)} to ${
    Math.max(...loads).toFixed(2)
  }`;
  return `${machines.join("; ")}; ${when}; ${load}.`;
}
