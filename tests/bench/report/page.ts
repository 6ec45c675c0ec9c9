/**
 * The report as one HTML page: no script, no other file, no other host.
 *
 * @module
 */
import type { Figure } from "./figures.ts";
import { groupsOf, machineLine } from "./groups.ts";
import { barPlot, escapeHtml, growthPlot } from "./plots.ts";
import { formatAim, formatMet, formatSpread } from "./text.ts";

const STYLE = `
:root { color-scheme: light dark; --ours: #2563eb; --floor: #9ca3af; --peer: #d97706; --text: #1f2937; --back: #fff }
@media (prefers-color-scheme: dark) { :root { --text: #e5e7eb; --back: #111827; --ours: #60a5fa; --peer: #fbbf24 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2rem auto; padding: 0 1rem;
  color: var(--text); background: var(--back) }
h2 { margin-top: 2.5rem } h3 { font-size: 1rem; margin: 1.5rem 0 .4rem }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg text { fill: var(--text) } rect.ours, circle.ours { fill: var(--ours) } rect.floor, circle.floor { fill: var(--floor) }
rect.peer { fill: var(--peer) } svg circle { fill: var(--text); opacity: .55 } svg circle.ours, svg circle.floor { opacity: 1 }
.line { fill: none; stroke-width: 2 } .line.ours { stroke: var(--ours) } .line.floor { stroke: var(--floor) }
svg line { stroke: var(--floor) } p.small { font-size: .85rem; opacity: .8; margin: 0 }
.met { color: #15803d } .missed { color: #b91c1c } .quick { background: #b91c1c; color: #fff; padding: .6rem 1rem }
@media (prefers-color-scheme: dark) { .met { color: #4ade80 } .missed { color: #f87171 } }
`;

const QUICK = `<p class="quick">Measured with --quick: shows that it runs. These figures mean nothing.</p>`;

function verdict(figure: Figure): string {
  const met = formatMet(figure);
  if (met === "") return "";
  return `, aim ${formatAim(figure)}: <span class="${met === "met" ? "met" : "missed"}">${met}</span>`;
}

function caption(figure: Figure): string {
  const { ratio, values, value, load, date, peers = [] } = figure;
  const spread = formatSpread(values, value);
  const rounds = `${values.length} round${values.length === 1 ? "" : "s"}${
    spread === "" ? "" : `, ${spread}`
  }`;
  const beside = ratio === undefined ? "" : `, ${ratio.toFixed(2)} of the floor`;
  const others = peers.map(({ name, ratio }) => `, ${ratio.toFixed(2)} of ${escapeHtml(name)}`).join("");
  return `<p class="small">${rounds}${beside}${others}${verdict(figure)}; ${date}, load ${
    load.toFixed(2)
  }</p>`;
}

function section(figure: Figure): string {
  return `<h3>${escapeHtml(figure.name)}</h3>\n${barPlot(figure)}\n${caption(figure)}`;
}

/** The page. */
export function reportPage(figures: readonly Figure[]): string {
  const groups = groupsOf(figures).map(({ title, command, figures, growth }) =>
    [
      `<h2>${escapeHtml(title)}</h2>`,
      `<p class="small"><code>${escapeHtml(command)}</code></p>`,
      ...growth.map(({ title, figures }) =>
        `<h3>${escapeHtml(title)}</h3>\n${growthPlot(title, figures)}\n${figures.map(caption).join("\n")}`
      ),
      ...figures.map(section),
    ].join("\n")
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Troupe: benchmarks</title><style>${STYLE}</style></head><body>
<h1>Troupe: benchmarks</h1>
${figures.some(({ quick }) => quick) ? QUICK : ""}
<p>${escapeHtml(machineLine(figures))}</p>
<p>A bar is the median of the rounds, a dot is a round. Blue is Troupe, grey the least that could do the work,
orange what others have made. In rates more is better; in times and bytes less is.</p>
${groups.join("\n")}
</body></html>
`;
}
