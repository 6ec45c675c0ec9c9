/**
 * Placement: leases, claims and epochs.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { composeEngine, Conflict } from "../../../actors/cluster/mod.ts";
import type { Guarantee, Subject } from "./_guarantee.ts";
import { untilJudged } from "./_patience.ts";

async function engineOf({ connect, world }: Subject) {
  return composeEngine(await connect(), world);
}

/** Guarantees of `Placement`. */
export const placementContract: readonly Guarantee[] = [
  {
    name: "of many hosts that claim an entity, one owns it, and all are told which",
    async run(subject) {
      const { unique } = subject;
      const engines = await Promise.all(Array.from({ length: 3 }, () => engineOf(subject)));
      const leases = await Promise.all(engines.map(({ placement }, n) => placement.join(`${unique}-${n}`)));
      for (let round = 0; round < 10; round++) {
        const entity = { type: "thing", id: `${unique} ${round}` };
        const claims = await Promise.all(
          engines.flatMap(({ placement }, n) => leases[n] ? [placement.claim(entity, leases[n])] : []),
        );
        assertEquals(claims.filter(({ isMine }) => isMine).length, 1);
        assertEquals(new Set(claims.map(({ owner }) => owner.id)).size, 1);
        assertEquals(new Set(claims.map(({ epoch }) => epoch)).size, 1);
        assertEquals((await engines[0]?.placement.lookup(entity))?.epoch, claims[0]?.epoch);
      }
      for (const lease of leases) await lease.release();
    },
  },
  {
    name: "each new owner has a higher epoch, also when the entity was given up between",
    async run(subject) {
      const { placement } = await engineOf(subject);
      const other = (await engineOf(subject)).placement;
      const entity = { type: "thing", id: subject.unique };
      const one = await placement.join(`${subject.unique}-one`);
      const two = await other.join(`${subject.unique}-two`);
      let last = 0;
      for (let round = 0; round < 4; round++) {
        const [host, lease] = round % 2 === 0 ? [placement, one] : [other, two];
        const { epoch, isMine } = await host.claim(entity, lease);
        assert(isMine && epoch > last, `round ${round}`);
        const again = await host.claim(entity, lease);
        assert(again.isMine && again.epoch > epoch, "a claim that is repeated is a new one");
        await host.release(entity, epoch); // the old one's comes late: nothing happens
        assertEquals((await host.lookup(entity))?.epoch, again.epoch);
        await host.release(entity, again.epoch);
        assertEquals(await other.lookup(entity), undefined);
        last = again.epoch;
      }
      await Promise.all([one.release(), two.release()]);
    },
  },
  {
    name: "a host that gave its lease up is followed at once, and by nobody before",
    async run(subject) {
      const { unique } = subject;
      const { placement } = await engineOf(subject);
      const entity = { type: "thing", id: unique };
      const gone = await placement.join(`${unique}-gone`);
      const { epoch } = await placement.claim(entity, gone);
      const next = await placement.join(`${unique}-next`);
      assertEquals((await placement.claim(entity, next)).owner, gone.host);
      await gone.release();
      assert(!gone.isValid);
      await gone.lost;
      const claimed = await placement.claim(entity, next);
      assert(claimed.isMine && claimed.epoch > epoch);
      await next.release();
    },
  },
  {
    name: "a host that fell silent is followed when its time is up, and not before",
    hasShortLeases: true,
    async run(subject) {
      const { pause, unique, world: { clock } } = subject;
      const { placement } = await engineOf(subject);
      const { keys } = await subject.connect();
      const next = await placement.join(`${unique}-next`);
      let attempts = 0;
      await untilJudged(async () => {
        // A host of another process, which died: nobody renews for it.
        const dead = `${unique}-dead-${++attempts}`;
        const entity = { type: "thing", id: dead };
        const place = await keys.put("places", `thing.${dead}`, `${dead} life`, 0);
        const startedAt = clock.monotonic();
        await keys.put("hosts", dead, "life", 0);
        let taken = await placement.claim(entity, next);
        if (clock.monotonic() - startedAt > placement.leaseTtlMs / 2) return "void";
        assertEquals(taken.isMine, false);
        for (let tries = 0; tries < 100 && !taken.isMine; tries++) {
          await pause(placement.leaseTtlMs / 10);
          taken = await placement.claim(entity, next);
        }
        assert(taken.isMine && taken.epoch > place);
        return "judged";
      });
      await next.release();
    },
  },
  {
    name: "a host whose lease was taken from it learns so, and a second of its name waits for its end",
    hasShortLeases: true,
    async run(subject) {
      const { unique, pause } = subject;
      const { placement } = await engineOf(subject);
      const { keys } = await subject.connect();
      const first = await placement.join(unique);
      let wasValid: boolean | undefined;
      const joining = placement.join(unique).then((second) => {
        wasValid = first.isValid;
        return second;
      });
      await pause(placement.leaseTtlMs);
      await first.release();
      const second = await joining;
      assertEquals(wasValid, false);
      assert(second.host.incarnation !== first.host.incarnation);
      await untilJudged(async () => {
        const entry = await keys.get("hosts", unique);
        try {
          await keys.put("hosts", unique, "somebody else", entry?.revision ?? 0);
          return "judged";
        } catch (error) {
          // It was renewed in between.
          if (error instanceof Conflict) return "void";
          throw error;
        }
      });
      await second.lost;
      assert(!second.isValid);
    },
  },
];
