import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Named } from "../../actors/runtime/named.ts";
import { upTo } from "./_stage.ts";

interface Item {
  readonly name: string;
}

/** Does the same to both, and compares all that can be seen. */
function compare(steps: readonly (readonly [add: boolean, name: string])[]): void {
  const named = new Named<Item>();
  const model = new Map<string, Item>();
  for (const [isAdded, name] of steps) {
    assertEquals(named.get(name) === undefined, !model.has(name));
    if (!isAdded) {
      named.delete(name);
      model.delete(name);
    } else if (!model.has(name)) {
      const item = { name };
      named.add(item);
      model.set(name, item);
    }
    assertEquals(named.size, model.size);
    assertEquals(named.get(name), model.get(name));
  }
  assertEquals(named.toArray(), [...model.values()]);
  assertEquals(named.slice(2, 3), [...model.values()].slice(2, 5));
  for (const name of model.keys()) assertEquals(named.get(name)?.name, name);
}

Deno.test("named: does what a map does, in order, whatever comes and goes", () => {
  for (const names of [5, 40, 400]) {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: names }).map((n) => `child-${n}`));
    fc.assert(fc.property(fc.array(step, { maxLength: 600 }), compare), { numRuns: 100, seed: 1 });
  }
});

Deno.test("named: those that come as others go take no more room, and stay in order", () => {
  const steps = upTo(20_000).flatMap((n) => [[true, `c${n}`], [false, `c${n - 50}`]] as const);
  compare(steps);
});

/** Names whose hashes fall into one place of the table: found by trying. */
function colliding(count: number): string[] {
  const mask = 0xfff;
  const names: string[] = [];
  for (let n = 0; names.length < count; n++) {
    let hash = 0x811c9dc5;
    for (const char of `${n}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
    if (((hash ^ hash >>> 13) & mask) === 0) names.push(`${n}`);
  }
  return names;
}

Deno.test("named: names chosen to collide are found all the same, and go", () => {
  const names = colliding(300);
  compare([
    ...names.map((name) => [true, name] as const),
    ...names.filter((_, i) => i % 3 === 0).map((name) => [false, name] as const),
    ...upTo(500).map((n) => [true, `later-${n}`] as const),
    ...names.map((name) => [false, name] as const),
  ]);
});

/** The numbers in an order: as they come, or go. */
const ORDERS: Readonly<Record<string, (numbers: number[]) => number[]>> = {
  "the oldest first": (numbers) => numbers,
  "the youngest first": (numbers) => numbers.toReversed(),
  "from the middle": (numbers) => numbers.toSorted((a, b) => (a * 7919) % 1009 - (b * 7919) % 1009),
};

for (const [order, ordered] of Object.entries(ORDERS)) {
  Deno.test(`named: those that come in order of their names go ${order}, and come again`, () => {
    for (const count of [1, 9, 40, 1000]) {
      const comes = (from: number) => upTo(count).map((n) => [true, `c${from + n}`] as const);
      const goes = (from: number) => ordered(upTo(count)).map((n) => [false, `c${from + n}`] as const);
      compare([
        ...comes(0),
        ...goes(0),
        ...comes(0),
        ...comes(count),
        ...goes(0),
        ...comes(5000),
        ...comes(0),
      ]);
    }
  });
}

Deno.test("named: one that comes out of order, or again, is told from the others", () => {
  const rising = upTo(50).map((n) => [true, `c${n}`] as const);
  for (const odd of ["a", "c0", "c49", "c7x", "zz", "c050", "C1", "c-1", "c\u{1F600}"]) {
    for (const isAdded of [true, false]) {
      compare([...rising, [isAdded, odd], ...rising, [true, "c99"], [false, odd]]);
    }
  }
});
