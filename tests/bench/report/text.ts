/**
 * Figures as people read them.
 *
 * @module
 */
import { isAimMet, type Row } from "../_bench.ts";

/** Three digits that mean something: `22.7 M`, `401`, `0.55`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "none";
  for (const [size, letter] of [[1e9, " G"], [1e6, " M"]] as const) {
    if (Math.abs(value) >= size) return `${digits(value / size)}${letter}`;
  }
  return digits(value);
}

function digits(value: number): string {
  const size = Math.abs(value);
  const precise = size >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return precise.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

/** With its unit: `22.7 M messages/CPU s`. */
export function formatFigure(value: number | undefined, unit: string): string {
  return value === undefined ? "" : `${formatNumber(value)}${unit.startsWith("/") ? "" : " "}${unit}`;
}

/** Half of the distance between the least and the greatest, beside the median: `±4 %`. */
export function formatSpread(values: readonly number[], middle: number): string {
  if (values.length < 2 || middle === 0) return "";
  const half = (Math.max(...values) - Math.min(...values)) / 2;
  return `±${(half / Math.abs(middle) * 100).toFixed(0)} %`;
}

/** What is aimed at: `ratio >= 0.7`. */
export function formatAim({ aim }: Row): string {
  if (aim === undefined) return "";
  const figure = aim.figure.toLocaleString("en-US");
  return `${aim.of === "ratio" ? "ratio " : ""}${aim.limit === ">=" ? "≥" : "≤"} ${figure}`;
}

/** `met`, `not met`, or nothing where nothing is aimed at. */
export function formatMet(row: Row): string {
  const isMet = isAimMet(row);
  return isMet === undefined ? "" : isMet ? "met" : "not met";
}
