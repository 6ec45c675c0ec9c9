import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Heap, type HeapMember } from "../../actors/world/heap.ts";

interface Dated extends HeapMember {
  stamp: number;
}

function byAge<T extends Dated>(): Heap<T> {
  return new Heap<T>((left, right) => left.stamp < right.stamp);
}

/** A member that counts how often its datestamp is looked at: the heap's work. */
class Counted implements Dated {
  static looks = 0;
  #stamp: number;
  place = -1;

  constructor(stamp: number) {
    this.#stamp = stamp;
  }

  get stamp(): number {
    Counted.looks++;
    return this.#stamp;
  }

  set stamp(stamp: number) {
    this.#stamp = stamp;
  }
}

Deno.test("heap: after any changes, it finds exactly those that are due", () => {
  const change = fc.record({
    member: fc.nat(19),
    stamp: fc.option(fc.nat(50), { nil: undefined }),
  });
  fc.assert(fc.property(fc.array(change), fc.nat(50), (changes, limit) => {
    const heap = byAge<Dated>();
    const members = Array.from({ length: 20 }, (): Dated => ({ stamp: 0, place: -1 }));
    const inside = new Set<Dated>();
    for (const { member, stamp } of changes) {
      const chosen = members[member];
      assert(chosen !== undefined);
      if (stamp === undefined) {
        heap.remove(chosen);
        inside.delete(chosen);
      } else {
        chosen.stamp = stamp;
        heap.put(chosen);
        inside.add(chosen);
      }
    }
    assertEquals(heap.size, inside.size);
    assertEquals(
      heap.first?.stamp,
      inside.size === 0 ? undefined : Math.min(...[...inside].map(({ stamp }) => stamp)),
    );
    const due = heap.due(({ stamp }) => stamp <= limit);
    assertEquals(due.length, new Set(due).size);
    assertEquals(new Set(due), new Set([...inside].filter(({ stamp }) => stamp <= limit)));
  }));
});

Deno.test("heap: to find who is due costs by how many are due, not by how many are stored", () => {
  for (const stored of [1000, 100_000]) {
    for (const due of [0, 10, 500]) {
      const heap = byAge<Counted>();
      for (let at = 0; at < stored; at++) heap.put(new Counted(at < stored - due ? 1000 + at : 1));
      Counted.looks = 0;
      assertEquals(heap.due(({ stamp }) => stamp <= 1).length, due);
      assert(Counted.looks <= 2 * due + 1, `${Counted.looks} looks for ${due} of ${stored}`);
    }
  }
});

Deno.test("heap: a new datestamp costs the logarithm of how many are stored", () => {
  const heap = byAge<Counted>();
  const members = Array.from({ length: 100_000 }, (_, at) => new Counted(at));
  for (const member of members) heap.put(member);
  const [oldest] = members;
  assert(oldest !== undefined);
  oldest.stamp = 1_000_000;
  Counted.looks = 0;
  heap.put(oldest);
  assert(Counted.looks < 100, `${Counted.looks} looks`);
});
