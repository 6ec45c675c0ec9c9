/**
 * Plots as SVG, which needs nothing but a browser: bars for what is compared, lines for what grows.
 *
 * @module
 */
import { formatFigure, formatNumber } from "./text.ts";
import type { Figure } from "./figures.ts";

const WIDTH = 760;
const LABEL_WIDTH = 190;
const VALUE_WIDTH = 185;
const BAR_HEIGHT = 16;
const BAR_STEP = 22;

/** What must not be read as markup. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

interface Bar {
  readonly label: string;
  readonly kind: "ours" | "floor" | "peer";
  readonly value: number;
  readonly values: readonly number[];
}

function barsOf({ value, values, floor, floors, peers = [] }: Figure): Bar[] {
  return [
    { label: "Troupe", kind: "ours", value, values },
    ...(floor === undefined
      ? []
      : [{ label: "floor", kind: "floor" as const, value: floor, values: floors ?? [] }]),
    ...peers.map((peer) => ({
      label: peer.name,
      kind: "peer" as const,
      value: peer.value,
      values: peer.values,
    })),
  ];
}

/** A bar each for ours, the floor and the peers, with a dot a round. */
export function barPlot(figure: Figure): string {
  const bars = barsOf(figure);
  const most = Math.max(...bars.flatMap(({ value, values }) => [value, ...values]).filter(Number.isFinite));
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const x = (value: number) => (LABEL_WIDTH + (most > 0 ? value / most * room : 0)).toFixed(1);
  const drawn = bars.map(({ label, kind, value, values }, index) => {
    const top = index * BAR_STEP;
    const middle = top + BAR_HEIGHT / 2;
    const dots = values.filter(Number.isFinite)
      .map((each) => `<circle cx="${x(each)}" cy="${middle}" r="2.5"/>`).join("");
    const width = Math.max(1, Number(x(value)) - LABEL_WIDTH).toFixed(1);
    return `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeHtml(label)}</text>` +
      `<rect class="${kind}" x="${LABEL_WIDTH}" y="${top}" width="${width}" height="${BAR_HEIGHT}"/>${dots}` +
      `<text x="${WIDTH - VALUE_WIDTH + 8}" y="${middle + 4}">${formatFigure(value, figure.unit)}</text>`;
  });
  return svg(bars.length * BAR_STEP, figure.name, drawn.join(""));
}

const PLOT_HEIGHT = 220;
const MARGIN = { left: 70, right: 20, top: 12, bottom: 34 };

/** What a figure does as the work grows, both axes logarithmic; the floor beside it. */
export function growthPlot(title: string, figures: readonly Figure[]): string {
  const points = figures.flatMap((figure) =>
    figure.scale === undefined ? [] : [{ ...figure, x: figure.scale }]
  );
  const all = points.flatMap(({ value, floor }) => floor === undefined ? [value] : [value, floor]);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  // At least a decade, so that noise does not look like a cliff.
  const bottom = Math.log10(least) - 0.1;
  const top = Math.max(Math.log10(most) + 0.1, bottom + 1);
  const farthest = Math.log10(Math.max(...points.map(({ x }) => x), 10));
  const x = (scale: number) =>
    (MARGIN.left + Math.log10(scale) / farthest * (WIDTH - MARGIN.left - MARGIN.right)).toFixed(1);
  const y = (value: number) =>
    (PLOT_HEIGHT - MARGIN.bottom -
      (Math.log10(value) - bottom) / (top - bottom) * (PLOT_HEIGHT - MARGIN.top - MARGIN.bottom)).toFixed(1);
  const line = (kind: string, series: readonly (readonly [number, number])[]) =>
    `<polyline class="line ${kind}" points="${
      series.map(([at, value]) => `${x(at)},${y(value)}`).join(" ")
    }"/>` +
    series.map(([at, value]) => `<circle class="${kind}" cx="${x(at)}" cy="${y(value)}" r="3.5"/>`).join("");
  const floors = points.flatMap(({ x: at, floor }): [number, number][] =>
    floor === undefined ? [] : [[at, floor]]
  );
  const unit = points[0]?.unit ?? "";
  const labels = points.map(({ x: at, value }) =>
    `<text x="${x(at)}" y="${PLOT_HEIGHT - 14}" text-anchor="middle">${at}×</text>` +
    `<text x="${x(at)}" y="${Number(y(value)) - 8}" text-anchor="middle">${formatNumber(value)}</text>`
  );
  const axis = `<line x1="${MARGIN.left}" y1="${PLOT_HEIGHT - MARGIN.bottom}" x2="${WIDTH - MARGIN.right}" ` +
    `y2="${PLOT_HEIGHT - MARGIN.bottom}"/><text x="4" y="${MARGIN.top + 8}">${escapeHtml(unit)}</text>`;
  const ours = points.map(({ x: at, value }): [number, number] => [at, value]);
  return svg(
    PLOT_HEIGHT,
    title,
    axis + (floors.length > 0 ? line("floor", floors) : "") + line("ours", ours) + labels.join(""),
  );
}

function svg(height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${
    escapeHtml(title)
  }">${content}</svg>`;
}
