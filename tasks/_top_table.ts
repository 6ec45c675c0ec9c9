/**
 * The busiest actors as a table of text.
 *
 * @module
 */
import type { InspectorOrder, InspectorTick } from "../protocols/inspector.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { columnsOf, graphemesOf } from "./_columns.ts";
import type { PlacedRow } from "./_inspector_messages.ts";

/** What a screen shows. */
export interface TopScreen {
  readonly tick: InspectorTick;
  readonly before: InspectorTick;
  readonly busiest: readonly PlacedRow[];
  readonly order: InspectorOrder;
  readonly address: string;
  readonly columns: number;
  readonly rows: number;
}

/** A column before the path. */
interface Column {
  readonly title: string;
  readonly width: number;
  readonly value: (row: PlacedRow) => string;
  /** The lower, the sooner it is left out where there is no room. @default never */
  readonly worth?: number;
}

const COLUMNS: readonly Column[] = [
  { title: "MSG/S", width: 9, value: ({ perSecond }) => rateText(perSecond) },
  { title: "MAILBOX", width: 8, value: ({ mailbox }) => String(mailbox) },
  { title: "MOST", width: 8, value: ({ highWater }) => String(highWater), worth: 2 },
  { title: "HANDLED", width: 11, value: ({ handled }) => String(handled), worth: 1 },
  {
    title: "MESSAGE",
    width: 9,
    value: ({ meanMs }) => meanMs === undefined ? "-" : durationText(meanMs),
    worth: 3,
  },
  { title: "RESTARTS", width: 9, value: ({ restarts }) => String(restarts) },
];

/** Paths have so many columns, if others can be left out for them. */
const PATH_COLUMNS = 30;

/** Where there are several machines. */
const HOST: Column = {
  title: "MACHINE",
  width: 11,
  value: ({ host = "" }) => lastColumns(visibleText(host), 10),
};

function columnsOfRows(rows: readonly PlacedRow[]): readonly Column[] {
  return rows.some(({ host }) => host !== undefined) ? [...COLUMNS, HOST] : COLUMNS;
}

/** The columns that leave a screen room for paths. */
function columnsFor(width: number, all: readonly Column[]): readonly Column[] {
  let kept = all;
  for (let worth = 1; worth <= 3 && width - pathAt(kept) < PATH_COLUMNS; worth++) {
    kept = kept.filter((column) => column.worth !== worth);
  }
  return kept;
}

function pathAt(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width, 2);
}

/** The table by itself, as a pipe gets it. */
export function tableLines(rows: readonly PlacedRow[], tick: InspectorTick, order: InspectorOrder): string[] {
  const shown = columnsOfRows(rows);
  return [
    summaryLine(tick, order),
    headLine(shown),
    ...rows.map((row) => rowLine(row, shown, Infinity)),
  ];
}

/** The table with what is around it, no more than fits. */
export function screenLines(screen: TopScreen): string[] {
  const { tick, before, busiest, order, address, columns, rows } = screen;
  const elapsed = tick.time - before.time;
  const perSecond = elapsed > 0 ? (tick.handled - before.handled) * 1000 / elapsed : 0;
  const shown = columnsFor(columns, columnsOfRows(busiest));
  const lines = [
    `${address}  ${tick.connections} connections  ${Math.max(0, perSecond).toFixed(0)} messages/s  ` +
    `loop ${durationText(tick.loopDelayMs)} late  ${(tick.residentBytes / 1e6).toFixed(0)} MB`,
    summaryLine(tick, order),
    "m: messages  b: mailbox  r: restarts  q: leave",
    headLine(shown),
    ...busiest.slice(0, Math.max(0, rows - 4)).map((row) => rowLine(row, shown, columns)),
  ];
  return lines.slice(0, rows).map((line) => fitted(line, columns));
}

function summaryLine(tick: InspectorTick, order: InspectorOrder): string {
  const { actors, waiting, failures, restarts, deadLetters } = tick;
  return `${actors} actors, ${waiting} messages wait, ${failures} failures, ${restarts} restarts, ` +
    `${deadLetters} dead letters; by ${order}`;
}

function headLine(columns: readonly Column[]): string {
  return `${columns.map(({ title, width }) => title.padStart(width)).join("")}  ACTOR`;
}

/** A path that does not fit loses its beginning: its end tells it from the others. */
function rowLine(row: PlacedRow, columns: readonly Column[], screenWidth: number): string {
  const path = visibleText(row.name);
  const room = Math.max(8, screenWidth - pathAt(columns));
  const shown = columnsOf(path) <= room ? path : `…${lastColumns(path, room - 1)}`;
  return `${columns.map(({ width, value }) => value(row).padStart(width)).join("")}  ${shown}`;
}

function rateText(perSecond: number): string {
  return perSecond.toFixed(perSecond < 10 && perSecond > 0 ? 1 : 0);
}

function lastColumns(text: string, columns: number): string {
  const kept: string[] = [];
  let left = columns;
  for (const grapheme of graphemesOf(text.slice(-4 * columns)).reverse()) {
    left -= columnsOf(grapheme);
    if (left < 0) break;
    kept.unshift(grapheme);
  }
  return kept.join("");
}

function fitted(line: string, columns: number): string {
  if (columnsOf(line) <= columns) return line;
  let shown = "";
  let left = columns;
  for (const grapheme of graphemesOf(line)) {
    left -= columnsOf(grapheme);
    if (left < 0) break;
    shown += grapheme;
  }
  return shown;
}

function durationText(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toFixed(ms < 0.01 ? 1 : 0)} µs`;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
