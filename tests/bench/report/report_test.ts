/**
 * What is written of measured figures.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { aimAt, isAimMet, rowOf } from "../_bench.ts";
import { allBenches } from "../main.ts";
import { root, tempDirectory } from "../../_helpers.ts";
import { type Figure, formatFigures, mergeFigures, parseFigures } from "./figures.ts";
import { keptFigures, reports, takeUp } from "./main.ts";
import { README_ROWS, reportMarkdown } from "./markdown.ts";
import { reportPage } from "./page.ts";

const MACHINE = { cpu: "A <fast> one", cores: 2, memoryGiB: 4, kernel: "6.1", deno: "2.9.6" };

function figure(bench: string, name: string, rest: Partial<Figure> = {}): Figure {
  const row = rowOf({ name, unit: "µs", values: [3, 1, 2], floors: [2, 1, 1] });
  return { bench, date: "2026-11-26", load: 0.5, quick: false, machine: MACHINE, ...row, ...rest };
}

Deno.test("benchmarks: a row is medians, and the median of the ratios of the rounds", () => {
  const row = rowOf({
    name: "a",
    unit: "/s",
    values: [3, 1, 2],
    floors: [2, 1, 1],
    peers: new Map([["b", [6]]]),
  });
  assertEquals([row.value, row.floor, row.ratio], [2, 1, 1.5]);
  assertEquals(row.peers, [{ name: "b", value: 6, ratio: 0.5, values: [6] }]);
});

Deno.test("benchmarks: an aim is met by the figure that it is of", () => {
  const row = rowOf({ name: "a", unit: "/s", values: [10], floors: [20] });
  assertEquals(isAimMet(row), undefined);
  assertEquals(isAimMet({ ...row, aim: aimAt("value", ">=", 10) }), true);
  assertEquals(isAimMet({ ...row, aim: aimAt("value", "<=", 9) }), false);
  assertEquals(isAimMet({ ...row, aim: aimAt("ratio", ">=", 0.6) }), false);
});

Deno.test("benchmarks: figures are read as they were written, and nothing else is", () => {
  const figures = [figure("a", "one"), figure("b", "two", { aim: aimAt("ratio", "<=", 1.1), scale: 10 })];
  assertEquals(parseFigures(formatFigures(figures)), figures);
  for (const line of ["{}", "not JSON", "[]", JSON.stringify({ ...figures[0], machine: undefined })]) {
    assertThrows(() => parseFigures(`${formatFigures(figures)}${line}\n`), SyntaxError, "line 3");
  }
});

Deno.test("benchmarks: pieces of a run make one report, and a later run takes the place of an earlier", () => {
  const first = [figure("a", "one"), figure("b", "two"), figure("b", "three")];
  const again = [figure("b", "two", { value: 9 })];
  const names = mergeFigures(first, [figure("c", "four")], again).map(({ name, value }) =>
    `${name} ${value}`
  );
  assertEquals(names, ["one 2", "two 9", "four 2"]);
});

Deno.test("benchmarks: figures of --quick are not taken up", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("quick.jsonl");
  await Deno.writeTextFile(path, formatFigures([figure("a", "one", { quick: true })]));
  const error = await takeUp([path]).then(() => undefined, (error) => error);
  assert(error instanceof TypeError && error.message.includes("--quick"), String(error));
  assert(reportPage([figure("a", "one", { quick: true })]).includes("mean nothing"));
});

Deno.test("benchmarks: the page needs nothing but itself, and shows every figure", () => {
  const figures = [
    figure("a: b", 'with "markup" <b>', { aim: aimAt("ratio", "<=", 1) }),
    ...[1, 10, 100].map((scale) => figure("a: growing", `growing, ${scale}×`, { scale })),
    figure("c", "beside", { peers: [{ name: "other 1.0", value: 4, ratio: 0.5, values: [4] }] }),
  ];
  const page = reportPage(figures);
  assert(!/<script|https?:|src=|@import|url\(/.test(page));
  assert(!page.includes("<b>") && !page.includes("<fast>") && page.includes("&lt;b&gt;"));
  assert(page.includes("other 1.0") && page.includes("growing") && page.includes("not met"));
  assertEquals(page.match(/<svg/g)?.length, 3);
  assert(!page.includes("NaN") && !page.includes("undefined"));
});

Deno.test("benchmarks: the page in docs names the command, spread and aim of each figure", () => {
  const text = reportMarkdown([figure("a: b", "one", { aim: aimAt("ratio", "<=", 1) })], "Intro.");
  for (const part of ["--only a`", "±50 %", "ratio ≤ 1", "not met", "2026-11-26", "Deno 2.9.6"]) {
    assert(text.includes(part), part);
  }
});

Deno.test("benchmarks: README's table and docs/benchmarks.md are what the figures say", async () => {
  const figures = await keptFigures();
  assert(figures.every(({ quick }) => !quick));
  for (const { file, text } of await reports(figures)) {
    const path = decodeURIComponent(file.pathname).slice(root.length);
    assertEquals(await Deno.readTextFile(file), text, `${path} is out of date: deno task bench:report`);
  }
});

Deno.test("benchmarks: what README shows is a row of a benchmark that there is", async () => {
  const benches = new Set((await allBenches()).map(({ name }) => name));
  assertEquals(README_ROWS.map(([bench]) => bench).filter((bench) => !benches.has(bench)), []);
  const figures = await keptFigures();
  const measured = README_ROWS.filter(([bench]) => figures.some((figure) => figure.bench === bench));
  assert(measured.length >= 10);
  for (const [bench, row] of measured) {
    assert(figures.some((figure) => figure.bench === bench && figure.name === row), row);
  }
});

Deno.test("benchmarks: those that were measured are there under the same name", async () => {
  const benches = new Set((await allBenches()).map(({ name }) => name));
  const measured = new Set((await keptFigures()).map(({ bench }) => bench));
  assertEquals([...measured].filter((bench) => !benches.has(bench)), []);
});
