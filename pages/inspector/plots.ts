/// <reference lib="dom" />
/** Plots over time, by uPlot. */
import uPlot from "uplot";
import type { InspectorTick } from "../../protocols/inspector.ts";
import { bytes, duration, short, timeOfDay } from "./format.ts";

/** One plot. */
interface Plot {
  readonly title: string;
  /** What is drawn of a tick and the one before. */
  readonly value: (tick: InspectorTick, before: InspectorTick | undefined) => number | null;
  readonly shown: (value: number) => string;
  readonly colour: string;
}

function perSecond(
  tick: InspectorTick,
  before: InspectorTick | undefined,
  of: keyof InspectorTick,
): number | null {
  if (before === undefined || tick.time <= before.time) return null;
  return Math.max(0, tick[of] - before[of]) * 1000 / (tick.time - before.time);
}

const PLOTS: readonly Plot[] = [
  {
    title: "Messages a second",
    value: (tick, before) => perSecond(tick, before, "handled"),
    shown: short,
    colour: "--blue",
  },
  { title: "Event-loop delay", value: ({ loopDelayMs }) => loopDelayMs, shown: duration, colour: "--red" },
  { title: "Memory", value: ({ residentBytes }) => residentBytes, shown: bytes, colour: "--violet" },
  { title: "Connections", value: ({ connections }) => connections, shown: short, colour: "--green" },
];

const HEIGHT = 110;
/** A plot is of so many seconds at least. */
const MIN_SECONDS = 30;

/** Draws all plots into one element. */
export class Plots {
  readonly #element: HTMLElement;
  readonly #charts: { readonly plot: Plot; readonly chart: uPlot; readonly now: HTMLElement }[] = [];

  constructor(element: HTMLElement) {
    this.#element = element;
    for (const plot of PLOTS) this.#add(plot);
    new ResizeObserver(() => this.#resize()).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const { chart } of this.#charts) chart.redraw(false);
    });
  }

  /** Draws these ticks. */
  draw(ticks: readonly InspectorTick[]): void {
    const times = ticks.map(({ time }) => time / 1000);
    for (const { plot, chart, now } of this.#charts) {
      const values = ticks.map((tick, index) => plot.value(tick, ticks[index - 1]));
      chart.setData([times, values]);
      const last = values.at(-1);
      now.textContent = last === undefined || last === null ? "" : plot.shown(last);
    }
  }

  #add(plot: Plot): void {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const title = document.createElement("span");
    title.textContent = plot.title;
    const now = document.createElement("output");
    caption.append(title, now);
    figure.append(caption);
    this.#element.append(figure);
    const colour = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name);
    const axis: uPlot.Axis = {
      stroke: colour("--muted"),
      font: "11px system-ui, sans-serif",
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const chart = new uPlot(
      {
        width: 300,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [6, 26, 0, 0],
        scales: {
          // What has just begun stands at the right, and grows to the left.
          x: { range: (_chart, first, last) => [Math.min(first ?? 0, (last ?? 0) - MIN_SECONDS), last ?? 0] },
          y: { range: (_chart, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
        },
        axes: [{ ...axis, size: 22, space: 90, values: (_chart, times) => times.map(timeOfDay) }, {
          ...axis,
          size: 64,
          space: 26,
          values: (_chart, values) => values.map(plot.shown),
        }],
        series: [{}, { stroke: colour(plot.colour), width: 1.5, points: { show: false } }],
      },
      [[], []],
      figure,
    );
    this.#charts.push({ plot, chart, now });
  }

  #resize(): void {
    for (const { chart } of this.#charts) {
      const width = chart.root.parentElement?.clientWidth ?? 0;
      if (width > 0) chart.setSize({ width, height: HEIGHT });
    }
  }
}
