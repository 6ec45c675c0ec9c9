/**
 * The report as Markdown: `docs/benchmarks.md`, and README's table, which names some of its figures.
 *
 * @module
 */
import { table } from "../../../tasks/_readme_tables.ts";
import type { Figure } from "./figures.ts";
import { type Group, groupsOf, machineLine } from "./groups.ts";
import { formatAim, formatFigure, formatMet, formatNumber, formatSpread } from "./text.ts";
import { isMoreBetter } from "../_bench.ts";

const LINE_WIDTH = 110;

/** What README shows, as soon as it is measured: a benchmark, and which of its rows. */
export const README_ROWS: readonly (readonly [bench: string, row: string])[] = [
  ["runtime: tell, one to one", "tell, one to one"],
  ["runtime: tell, many to one", "tell, many to one"],
  ["runtime: tell, ring of 1,000", "tell, ring of 1,000"],
  ["runtime: tell, random of 100,000", "tell, random of 100,000"],
  ["runtime: ask, 100 at once", "ask, 100 at once"],
  ["runtime: ask, one by one", "ask, one by one"],
  ["runtime: spawn, all started", "spawn, all started"],
  ["runtime: an idle actor", "an idle actor"],
  ["echo, 16 × 1 under way", "echo, 16 × 1 under way: server CPU a message"],
  ["echo, 64 × 16 under way", "echo, 64 × 16 under way: server CPU a message"],
  ["echo, 500 × 1 under way", "echo, 500 × 1 under way: server CPU a message"],
  ["echo, 500 × 1 under way", "echo, 500 × 1 under way: round trip p99"],
  ["echo, connects at once", "echo, 4,000 connects at once: server CPU a connection"],
  ["echo beside a flooded actor", "echo beside a flooded actor: round trip p50"],
  ["editor, 10 clients × 2 writers", "editor, 10 × 2: server CPU a delivery"],
  ["editor, 200 clients × 8 writers", "editor, 200 × 8: server CPU a delivery"],
  ["editor, 200 clients × 8 writers", "editor, 200 × 8: sync always"],
  ["editor, web, 32 clients beside y-websocket", "editor, web, 32 clients × 4"],
  ["chat, 100 members, 10 talk", "chat, 100, 10 talk, line: CPU a delivery"],
  ["records reads", "records reads, 16 clients"],
  ["records durable writes", "records durable writes, 16 clients"],
  ["peers: kill -9", "peers: kill -9 of the leader to the next, p50 of 50"],
];

function markdownTable(rows: readonly (readonly string[])[]): string {
  return table(rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|"))));
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? "" : ratio.toFixed(2);
}

/** Lines as long as `deno fmt` leaves them. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= LINE_WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** README's table. */
export function readmeTable(figures: readonly Figure[]): string {
  const chosen = README_ROWS.flatMap(([bench, row]) =>
    figures.filter((figure) => figure.bench === bench && figure.name === row)
  );
  return [
    markdownTable([
      ["what", "Troupe", "floor", "ratio", "aim", "command"],
      ...chosen.map((figure) => [
        figure.name,
        formatFigure(figure.value, figure.unit),
        formatFigure(figure.floor, figure.unit),
        ratioText(figure.ratio),
        figure.aim === undefined ? "" : `${formatAim(figure)}: ${formatMet(figure)}`,
        `\`deno task bench --full --only "${figure.bench}"\``,
      ]),
    ]),
    wrapped(`Medians. ${machineLine(chosen)}`),
  ].join("\n\n");
}

function groupSection({ title, figures, growth, command }: Group): string {
  const all = [...growth.flatMap(({ figures }) => figures), ...figures];
  const rows = all.map((figure) => [
    figure.name,
    figure.unit,
    formatNumber(figure.value),
    formatSpread(figure.values, figure.value),
    `${figure.values.length}`,
    figure.floor === undefined ? "" : formatNumber(figure.floor),
    ratioText(figure.ratio),
    formatAim(figure),
    formatMet(figure),
    figure.date,
    figure.load.toFixed(1),
    figure.bench,
  ]);
  const head = [
    "what",
    "unit",
    "Troupe",
    "spread",
    "rounds",
    "floor",
    "ratio",
    "aim",
    "",
    "date",
    "load",
    "benchmark",
  ];
  return [`## ${title}`, `\`${command}\``, markdownTable([head, ...rows]), ...peersTable(all)].join("\n\n");
}

/** What others have made: their figure, and ours beside it. */
function peersTable(figures: readonly Figure[]): string[] {
  const names = [...new Set(figures.flatMap(({ peers = [] }) => peers.map(({ name }) => name)))];
  if (names.length === 0) return [];
  const rows = figures.filter(({ peers = [] }) => peers.length > 0).map(({ name, unit, peers = [] }) => [
    name,
    unit,
    ...names.map((each) => {
      const peer = peers.find(({ name }) => name === each);
      return peer === undefined ? "" : `${formatNumber(peer.value)} (${peer.ratio.toFixed(2)})`;
    }),
  ]);
  return [
    "Beside others: their figure, and in brackets Troupe's beside it.",
    markdownTable([["what", "unit", ...names], ...rows]),
  ];
}

/** Whether ours is at least as good as theirs. */
function isAhead(ratio: number, unit: string): boolean {
  return isMoreBetter(unit) ? ratio >= 1 : ratio <= 1;
}

function summary(figures: readonly Figure[]): string {
  const aimed = figures.map(formatMet).filter((met) => met !== "");
  const beside = figures.flatMap(({ peers = [], unit }) => peers.map(({ ratio }) => isAhead(ratio, unit)));
  return `${aimed.filter((met) => met === "met").length} of ${aimed.length} aims are met; in ${
    beside.filter((ahead) => ahead).length
  } of ${beside.length} comparisons with other people's systems Troupe is ahead.`;
}

/** `docs/benchmarks.md`. */
export function reportMarkdown(figures: readonly Figure[], introduction: string): string {
  return [
    "# Benchmarks",
    "<!-- Written by `deno task bench:report`: change tests/bench/ instead. -->",
    introduction.trim(),
    wrapped(machineLine(figures)),
    wrapped(summary(figures)),
    ...groupsOf(figures).map(groupSection),
  ].join("\n\n") + "\n";
}
