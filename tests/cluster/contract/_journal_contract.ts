/**
 * The journal: the fence, and what happens when an answer is lost.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { composeEngine, Fenced, JournalDamaged, OutcomeUnknown } from "../../../actors/cluster/mod.ts";
import type { Guarantee } from "./_guarantee.ts";
import { losingAnswers } from "./_losing_answers.ts";
import { untilJudged } from "./_patience.ts";

const entries = (...events: unknown[]) => [{ events }];

/** Guarantees of `Journal`. */
export const journalContract: readonly Guarantee[] = [
  {
    name: "what was appended is replayed, whole commits in order, whatever the values",
    async run({ connect, world, unique }) {
      const { journal } = composeEngine(await connect(), world);
      const entity = { type: "thing", id: `${unique} /*>. ünï 🎭` };
      const { commits, snapshot, log } = await journal.open(entity, 1);
      assertEquals([commits.length, snapshot], [0, undefined]);
      const first = [
        { events: [{ type: "said", text: "hi", at: new Date(5) }, { bytes: new Uint8Array([1, 0, 255]) }] },
        { events: [7n, undefined, null], operationId: "op 1", reply: undefined },
      ];
      const seq = await log.append(first);
      assertEquals(log.seq, seq);
      await log.append([{ events: [], operationId: "op 2", reply: { $: "x" } }]);
      const again = await journal.open(entity, 2);
      assertEquals(again.commits.map((commit) => [commit.epoch, commit.entries]), [
        [1, []],
        [1, first],
        [1, [{ events: [], operationId: "op 2", reply: { $: "x" } }]],
      ]);
      assertEquals((await journal.read(entity)).commits.at(-1)?.entries, [], "the fence of the second open");
    },
  },
  {
    name: "an owner that was followed by another cannot write, take a snapshot, or pass a barrier",
    async run({ connect, world, unique }) {
      const old = composeEngine(await connect(), world);
      const next = composeEngine(await connect(), world);
      const entity = { type: "thing", id: unique };
      const { log: oldLog } = await old.journal.open(entity, 1);
      await oldLog.append(entries("a"));
      const { log: nextLog, commits } = await next.journal.open(entity, 2);
      assertEquals(commits.flatMap((commit) => commit.entries), entries("a"));
      await assertRejects(() => oldLog.barrier(), Fenced);
      await assertRejects(() => oldLog.append(entries("b")), Fenced);
      await assertRejects(() => oldLog.append(entries("b")), Fenced, undefined, "for good");
      await assertRejects(() => oldLog.snapshot("stale"), Fenced);
      await nextLog.barrier();
      await nextLog.append(entries("c"));
      await assertRejects(() => old.journal.open(entity, 1), Fenced);
      const { commits: all } = await old.journal.read(entity);
      assertEquals(all.flatMap((commit) => commit.entries.flatMap(({ events }) => events)), ["a", "c"]);
    },
  },
  {
    name: "many owners in turn, each fencing the one before: one writer an epoch, and epochs only grow",
    async run({ connect, world, unique }) {
      const engines = await Promise.all(
        Array.from({ length: 4 }, async () => composeEngine(await connect(), world)),
      );
      const entity = { type: "thing", id: unique };
      const written: string[] = [];
      let epoch = 0;
      await Promise.all(engines.map(async ({ journal }, host) => {
        for (let round = 0; round < 6; round++) {
          const mine = ++epoch;
          try {
            const { log } = await journal.open(entity, mine);
            for (let n = 0; n < 3; n++) {
              const name = `${host} ${round} ${n}`;
              await log.append(entries(name));
              written.push(name);
            }
          } catch (error) {
            assert(error instanceof Fenced, String(error));
          }
        }
      }));
      const { commits } = await (await engines[0])?.journal.read(entity) ?? { commits: [] };
      const epochs = commits.map((commit) => commit.epoch);
      assertEquals(epochs, epochs.toSorted((left, right) => left - right));
      const kept = commits.flatMap((commit) => commit.entries.flatMap(({ events }) => events));
      assertEquals(kept.toSorted(), written.toSorted());
    },
  },
  {
    name: "after a lost answer the log takes nothing more, and opening again tells what happened",
    async run({ connect, world, unique }) {
      const driver = losingAnswers(await connect());
      const { journal } = composeEngine(driver, world);
      const entity = { type: "thing", id: unique };
      const { log } = await journal.open(entity, 1);
      driver.loseNext = true;
      await assertRejects(() => log.append(entries("a")), OutcomeUnknown);
      await assertRejects(() => log.append(entries("b")), OutcomeUnknown);
      const { commits, log: again } = await journal.open(entity, 1);
      assertEquals(commits.flatMap((commit) => commit.entries), entries("a"));
      await again.append(entries("c"));
    },
  },
  {
    name: "a snapshot stands for the commits that it covers",
    async run({ connect, world, unique }) {
      const driver = await connect();
      const { journal } = composeEngine(driver, world);
      const entity = { type: "thing", id: unique };
      const { log } = await journal.open(entity, 1);
      for (const event of ["a", "b", "c"]) await log.append(entries(event));
      await log.snapshot({ seen: new Set(["a", "b", "c"]) });
      await log.append(entries("d"));
      await log.snapshot({ seen: new Set(["a", "b", "c", "d"]) });
      await log.append(entries("e"));
      const again = await journal.open(entity, 2);
      assertEquals(again.snapshot?.state, { seen: new Set(["a", "b", "c", "d"]) });
      assertEquals(again.snapshot?.epoch, 1);
      assertEquals(again.commits.flatMap((commit) => commit.entries), entries("e"));
      assert((await driver.records.read(`thing.${unique}`)).records.length <= 3, "the rest was let go");
      await again.log.snapshot("newer");
      await assertRejects(() => log.snapshot("older"), Fenced);
      assertEquals((await journal.read(entity)).snapshot?.state, "newer");
    },
  },
  {
    name: "a gap in a log is told, and not replayed over",
    async run({ connect, world, unique, pause }) {
      const { records } = await connect();
      const { journal } = composeEngine(await connect(), world);
      const entity = { type: "thing", id: unique };
      const { log } = await journal.open(entity, 1);
      for (const event of ["a", "b", "c"]) await log.append(entries(event));
      await records.trim(`thing.${unique}`, log.seq);
      // A replica that lags behind may give for a while what is gone.
      let epoch = 2;
      await untilJudged(async () => {
        try {
          await journal.open(entity, epoch++);
        } catch (error) {
          if (!(error instanceof JournalDamaged)) throw error;
          assertStringIncludes(error.message, "follows");
          return "judged";
        }
        await pause(50);
        return "void";
      });
    },
  },
  {
    name: "a commit over the limit is refused, and the log goes on",
    async run({ connect, world, unique }) {
      const { journal } = composeEngine(await connect(), world);
      const { log } = await journal.open({ type: "thing", id: unique }, 1);
      await assertRejects(() => log.append(entries("x".repeat(journal.maxRecordBytes))), RangeError);
      await log.append(entries("small"));
    },
  },
];
