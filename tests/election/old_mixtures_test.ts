import { assert } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";
import { MixedNetwork, MIXTURES, ORDERS } from "./_mixture.ts";

/** How many files the nodes have: a few; none; and more than an old leader reads. */
const directories: Record<string, (id: number) => string[]> = {
  "a few files": (id) => Array.from({ length: id }, (_, index) => `${id}_${index + 1}.txt`),
  "empty folders": () => [],
  "long lists": (id) =>
    Array.from({ length: 100 }, (_, index) => `${id}_${String(index).padStart(3, "0")}_a_long_name.txt`),
};

for (const [what, names] of Object.entries(directories)) {
  for (const old of MIXTURES) {
    Deno.test(`peer: old nodes ${old} and ours with ${what}, in every order, elect Node 1 and write the log`, async () => {
      for (const [index, order] of ORDERS.entries()) {
        const gapMs = [0, 20, 1500, 5000][index % 4] ?? 0;
        await simulate(
          `mixture of old ${old} in order ${order}`,
          { seeds: [index + 1, index + 11] },
          (sim) =>
            MixedNetwork.run(sim, { old, order, names, gapMs }, async (network) => {
              await network.settled();
              await network.staysSo();
            }),
        );
      }
    });
  }
}

for (const old of MIXTURES) {
  Deno.test(`peer: old nodes ${old} and ours that start again in every order elect Node 1 and write the log each time`, async () => {
    const names = (id: number) => [`${id}.txt`];
    for (const [index, order] of ORDERS.entries()) {
      await simulate(
        `restarts of old ${old} in order ${order}`,
        { seeds: [index + 1] },
        (sim) =>
          MixedNetwork.run(sim, { old, order, names, gapMs: 20 }, async (network) => {
            await network.settled();
            for (const id of order) {
              await network.restart(id, sim.random.pick([0, 200, 3000, 10_000]));
              await network.settled();
              await sim.advance(sim.random.pick([0, 1000, 10_000]));
            }
            await network.staysSo();
          }),
      );
    }
  });
}

for (const old of MIXTURES) {
  Deno.test(`peer: ours that come in the place of old nodes ${old}, before these are missed, vote`, async () => {
    const names = (id: number) => [`${id}.txt`];
    await simulate(
      `renewal of old ${old}`,
      { seeds: 20 },
      (sim) =>
        MixedNetwork.run(sim, { old, order: [1, 2, 3], names, gapMs: 20 }, async (network) => {
          // Somebody claims to be the old node while it is found out: it is greeted more than once.
          if (sim.seed % 4 === 0) await network.pretend(3, old[0] ?? 0, 1500, 1500);
          await network.settled();
          await sim.advance(sim.random.integer(0, 12_000));
          for (const id of old) network.renew(id, sim.random.pick(["kill", "crash"]));
          await network.says(1, /^Node 1 is leader in term \d+: elected by \d, \d/);
          await network.settled();
          await network.staysSo();
        }),
    );
  });
}

for (const closes of [false, true]) {
  Deno.test(`peer: a stranger who claims to be a new node in the place of an old one that ${closes ? "closes" : "keeps"} connections has that greeted now and then`, async () => {
    const mixture = { old: [1], order: [1, 2, 3], names: () => ["a.txt"], gapMs: 20, closes };
    for (const everyMs of [50, 300, 1000, 6000]) {
      await simulate(
        "a stranger in an old node's name",
        { seeds: 2 },
        (sim) =>
          MixedNetwork.run(sim, mixture, async (network) => {
            await network.settled();
            await sim.advance(10_000);
            const before = network.said(1).length;
            await network.pretend(3, 1, 30_000, everyMs);
            const said = network.said(1).slice(before);
            const greeted = said.filter((line) => line.includes("connected with Node 3"));
            assert(greeted.length > 0 && greeted.length <= 7, `${greeted.length} greetings (${everyMs})`);
            await network.settled();
          }),
      );
    }
  });
}
