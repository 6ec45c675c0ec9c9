/**
 * How often each fault came in each campaign, as a table for `docs/simulator.md`.
 *
 * @module
 */
import type { Tally } from "../actors/world/sim/mod.ts";

/** What came of one campaign. */
export interface CampaignCounts {
  readonly name: string;
  readonly runs: number;
  readonly tally: Tally;
}

const FAULT = "fault: ";

/** Faults that are one column, in the order of the columns; any other has a column of its own behind them. */
const COLUMNS: readonly (readonly [title: string, fault: RegExp])[] = [
  ["power cut", /^power cut$/],
  ["killed", /^killed$/],
  ["aimed crash", /^(crash|kill) (before|during|after) /],
  ["graceful restart", /^asked to stop$/],
  ["stop took too long", /^stop took too long$/],
  ["pause", /^paused$/],
  ["pause of more than 10 s", /^paused for more than 10 s$/],
  ["clock jump", /^clock set$/],
  ["no descriptors", /^accept fails, no descriptors$/],
  ["slow disk", /^slow disk$/],
  ["disk operation fails", / fails$/],
  ["pages dropped", / fails, pages dropped$/],
  ["sectors out of order", /^power cut leaves sectors out of order$/],
  ["length before data", /^power cut leaves length before data$/],
  ["garbage", /^power cut leaves garbage$/],
  ["bit rot", /^bit rot$/],
  ["watch event lost", /^watch event lost$/],
  ["way cut", /^way cut$/],
  ["reset", /^connection reset$/],
  ["name not found", /^name not found$/],
  ["name leads elsewhere", /^name leads elsewhere$/],
];

/** In which column a fault is counted. */
function columnOf(fault: string): string {
  return COLUMNS.find(([, pattern]) => pattern.test(fault))?.[0] ?? fault;
}

/** The faults of a campaign by column. */
function faultsOf(tally: Tally): Map<string, number> {
  const byColumn = new Map<string, number>();
  for (const [name, count] of tally.entries()) {
    if (!name.startsWith(FAULT)) continue;
    const column = columnOf(name.slice(FAULT.length));
    byColumn.set(column, (byColumn.get(column) ?? 0) + count);
  }
  return byColumn;
}

/** A Markdown table with a row a campaign and a column a fault; empty cells are faults that never came. */
export function faultTable(campaigns: readonly CampaignCounts[]): string {
  const rows = campaigns.map(({ name, runs, tally }) => ({ name, runs, faults: faultsOf(tally) }));
  const occurred = new Set(rows.flatMap(({ faults }) => [...faults.keys()]));
  const known = COLUMNS.map(([title]) => title).filter((title) => occurred.has(title));
  const columns = [...known, ...[...occurred].filter((title) => !known.includes(title)).sort()];
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["campaign", "seeds", ...columns]),
    line(["---", "---", ...columns.map(() => "---")]),
    ...rows.map(({ name, runs, faults }) =>
      line([name, runs, ...columns.map((one) => faults.get(one) ?? "")])
    ),
  ].join("\n");
}
