/**
 * Logs and keys: what each engine brings by itself.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Conflict } from "../../../actors/cluster/mod.ts";
import type { Guarantee } from "./_guarantee.ts";
import { untilJudged } from "./_patience.ts";

/** Reads until a trim has come to all replicas. */
const MOST_TRIES = 1000;

/** Guarantees of `Records` and `Keys`. */
export const recordsContract: readonly Guarantee[] = [
  {
    name: "records come back in the order they were appended in, as they were",
    async run({ connect, unique }) {
      const { records } = await connect();
      const bodies = ["first", "", "ünï \u2028 \u0001 code 🎭", "x".repeat(10_000)];
      let tail = 0;
      for (const body of bodies) {
        const seq = await records.append(unique, tail, body);
        assert(seq > tail, "the place of a record grows");
        tail = seq;
      }
      const read = await records.read(unique);
      assertEquals(read.records.map(({ body }) => body), bodies);
      assertEquals(read.records.at(-1)?.seq, tail);
      assertEquals(read.snapshot, undefined);
      assertEquals(await records.tail(unique), tail);
    },
  },
  {
    name: "of many that append behind one record at once, one does",
    async run({ connect, unique }) {
      const hosts = await Promise.all([connect(), connect(), connect()]);
      let tail = 0;
      for (let round = 0; round < 20; round++) {
        const outcomes = await Promise.allSettled(
          Array.from(
            { length: 9 },
            (_, index) => hosts[index % 3]?.records.append(unique, tail, `${round} ${index}`),
          ),
        );
        const won = outcomes.flatMap((outcome) =>
          outcome.status === "fulfilled" && outcome.value !== undefined ? [outcome.value] : []
        );
        assertEquals(won.length, 1, `round ${round}`);
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") {
            assert(outcome.reason instanceof Conflict, String(outcome.reason));
          }
        }
        tail = won[0] ?? 0;
      }
      assertEquals((await hosts[0]?.records.read(unique))?.records.length, 20);
    },
  },
  {
    name: "who writes alone is never refused, however fast one write follows the other",
    async run({ connect, unique }) {
      const { records, keys } = await connect();
      await Promise.all(Array.from({ length: 50 }, async (_, log) => {
        const key = `${unique}-${log}`;
        for (let round = 0, tail = 0, revision = 0; round < 20; round++) {
          tail = await records.append(key, tail, `${round}`);
          if (log === 0) revision = await keys.put("places", key, `${round}`, revision);
        }
      }));
    },
  },
  {
    name: "an append behind what is no longer the last is refused, also where that was trimmed",
    async run({ connect, unique }) {
      const { records } = await connect();
      const seqs: number[] = [];
      for (let n = 0; n < 6; n++) seqs.push(await records.append(unique, seqs.at(-1) ?? 0, `${n}`));
      const [first = 0, second = 0] = seqs;
      const last = seqs.at(-1) ?? 0;
      await records.writeSnapshot(unique, 0, { seq: last, body: "all" });
      await records.trim(unique, last);
      assertEquals((await records.read(unique)).records, [{ seq: last, body: "5" }]);
      for (const tail of [0, first, second, last + 1000]) {
        await assertRejects(() => records.append(unique, tail, "stale"), Conflict);
      }
      assert(await records.append(unique, last, "6") > last);
    },
  },
  {
    name: "the newest record stays, however much is trimmed",
    async run({ connect, unique, pause }) {
      const { records } = await connect();
      const first = await records.append(unique, 0, "a");
      const second = await records.append(unique, first, "b");
      await records.trim(unique, second + 100);
      let left = (await records.read(unique)).records;
      // A replica that is behind may have the older one for a moment: `StoredLog` allows that.
      for (let tries = 0; left.length > 1 && tries < MOST_TRIES; tries++) {
        await pause(10);
        left = (await records.read(unique)).records;
      }
      assertEquals(left, [{ seq: second, body: "b" }]);
      await records.trim(`${unique}-nothing`, 5);
      assertEquals((await records.read(`${unique}-nothing`)).records, []);
    },
  },
  {
    name: "a snapshot replaces the one it knows of, and no other",
    async run({ connect, unique }) {
      const { records } = await connect();
      const seq = await records.append(unique, 0, "a");
      const first = await records.writeSnapshot(unique, 0, { seq, body: "one" });
      await assertRejects(() => records.writeSnapshot(unique, 0, { seq, body: "stale" }), Conflict);
      const second = await records.writeSnapshot(unique, first, { seq, body: "two" });
      await assertRejects(() => records.writeSnapshot(unique, first, { seq, body: "stale" }), Conflict);
      assertEquals((await records.read(unique)).snapshot, { seq, body: "two", revision: second });
    },
  },
  {
    name: "a record over the limit is refused with its size, and one at the limit is kept",
    async run({ connect, unique }) {
      const { records } = await connect();
      const most = "x".repeat(records.maxRecordBytes);
      await assertRejects(
        () => records.append(unique, 0, `${most}x`),
        RangeError,
        `${most.length + 1} bytes`,
      );
      const seq = await records.append(unique, 0, most);
      assertEquals((await records.read(unique)).records, [{ seq, body: most }]);
    },
  },
  {
    name: "keys change by compare-and-set alone, with revisions that never go back",
    async run({ connect, unique }) {
      const [one, two] = [(await connect()).keys, (await connect()).keys];
      const key = `${unique}.=a-b_c`;
      assertEquals(await one.get("places", key), undefined);
      const first = await one.put("places", key, "one", 0);
      await assertRejects(() => two.put("places", key, "two", 0), Conflict);
      await assertRejects(() => two.put("places", key, "two", first + 1000), Conflict);
      const second = await two.put("places", key, "two", first);
      assert(second > first);
      await assertRejects(() => one.remove("places", key, first), Conflict);
      assertEquals(await one.get("places", key), { value: "two", revision: second });
      assertEquals((await one.list("places")).get(key), { value: "two", revision: second });
      await one.remove("places", key, second);
      assertEquals(await two.get("places", key), undefined);
      assertEquals((await one.list("places")).has(key), false);
      assert(await two.put("places", key, "three", 0) > second, "also after the key was gone");
    },
  },
  {
    name: "an entry of the hosts expires when it is not written, and not while it is",
    hasShortLeases: true,
    async run({ connect, pause, unique, world: { clock } }) {
      const { keys } = await connect();
      const { leaseTtlMs } = keys;
      let attempts = 0;
      await untilJudged(async () => {
        const [alive, dead] = [`${unique}-alive-${++attempts}`, `${unique}-dead-${attempts}`];
        let writtenAt = clock.monotonic();
        let revision = await keys.put("hosts", alive, "alive", 0);
        await keys.put("hosts", dead, "dead", 0);
        await keys.put("places", dead, "stays", 0);
        const renew = async () => {
          const sentAt = clock.monotonic();
          try {
            revision = await keys.put("hosts", alive, "alive", revision);
          } catch (error) {
            if (!(error instanceof Conflict) || clock.monotonic() - writtenAt < leaseTtlMs) throw error;
            return false;
          }
          writtenAt = sentAt;
          return true;
        };
        // The server may take a little longer than it was told.
        for (let tries = 0; tries < 100 && await keys.get("hosts", dead) !== undefined; tries++) {
          await pause(leaseTtlMs / 10);
          if (!await renew()) return "void";
        }
        assertEquals(await keys.get("hosts", dead), undefined);
        assertEquals((await keys.list("hosts")).has(dead), false);
        assertEquals((await keys.get("places", dead))?.value, "stays");
        await assertRejects(() => keys.put("hosts", dead, "again", revision - 1), Conflict);
        return await renew() ? "judged" : "void";
      });
    },
  },
];
