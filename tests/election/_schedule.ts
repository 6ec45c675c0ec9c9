/**
 * Random networks of elections, as a seed has them: what they go through, and what must hold of all of them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Network, type NetworkOptions, type Node } from "./_network.ts";
import { traceViolations } from "./_trace.ts";

/** Where in the run of a seed something broke, in words. */
function broken(seed: number, network: Network, what: string): string {
  const states = network.running.map((node) =>
    `${node.id}: ${node.election?.role} of ${node.election?.leader} in ${node.election?.term}`
  );
  return `seed ${seed}, ${network.ids.length} nodes, at ${network.nowMs} ms: ${what} (${states.join("; ")})`;
}

/**
 * A node votes with one half of the others, is restarted, at times without memory, and finds itself with the
 * other half, which heard nothing.
 */
function swing(network: Network, node: Node): void {
  const { chance } = network;
  network.cuts.clear();
  const others = network.ids.filter((id) => id !== node.id);
  const first = others.filter(() => chance.below(2) === 0);
  const second = others.filter((id) => !first.includes(id));
  const apart = (a: readonly number[], b: readonly number[]) => {
    for (const from of a) for (const to of b) network.cut(from, to).cut(to, from);
  };
  for (const id of network.ids) network.start(id);
  network.run(chance.below(4000));
  apart([...first, node.id], second);
  network.run(500 + chance.below(3000));
  if (chance.below(2) === 0) network.forget(node.id);
  else {
    network.kill(node.id);
    network.start(node.id);
  }
  network.cuts.clear();
  apart(first, [...second, node.id]);
  network.run(chance.below(4000));
}

/**
 * One random network: what it goes through, and what must hold. Returns the milliseconds until there was a
 * leader.
 */
export function schedule(seed: number, options: NetworkOptions = {}): number {
  const size = 3 + seed % 5;
  const network = new Network(size, seed, options);
  const { chance } = network;
  const hasSteadyClocks = chance.below(2) === 0;
  const check = () => {
    const violations = traceViolations([...network.nodes.values()].map((node) => node.trace));
    assertEquals(violations, [], broken(seed, network, "a promise is broken"));
    assertEquals(
      network.warnings,
      [],
      broken(seed, network, "a node said what the rules cannot have led to"),
    );
    // Leases hold as far as clocks measure durations alike.
    if (hasSteadyClocks) {
      assertEquals(network.overlaps, [], broken(seed, network, "two lead at once"));
    }
  };
  for (const id of network.ids) {
    network.start(id);
    network.run(chance.below(400));
  }
  const faults = 5 + chance.below(15);
  for (let fault = 0; fault < faults; fault++) {
    network.maxDelayMs = chance.pick([2, 20, 100, 300]);
    const node = network.node(chance.pick(network.ids));
    const other = chance.pick(network.ids.filter((id) => id !== node.id));
    switch (chance.below(11)) {
      case 0:
        network.kill(node.id);
        break;
      case 1:
        node.crashAfterActions = chance.below(12);
        break;
      case 2:
        network.start(node.id);
        break;
      case 3:
        network.forget(node.id);
        break;
      case 4:
        network.freeze(node.id, chance.below(4000));
        break;
      case 5:
        network.cut(node.id, other);
        break;
      case 6:
        network.cuts.clear();
        break;
      case 7:
        // Mostly forwards, as clocks jump; and a little back, as none should.
        if (!hasSteadyClocks) node.clockOffsetMs += chance.below(5200) - 200;
        break;
      case 9:
        swing(network, node);
        break;
      case 10:
        // The memories are lost one after the other, and not at once.
        for (const id of network.ids) {
          if (chance.below(2) === 0) network.forget(id);
          network.run(chance.below(2000));
        }
        break;
      case 8:
        // Cut off on all sides, one way or both.
        for (const id of network.ids) {
          if (chance.below(2) === 0) network.cut(node.id, id);
          if (chance.below(2) === 0) network.cut(id, node.id);
        }
        break;
    }
    network.run(chance.below(chance.pick([100, 1000, 4000])));
    check();
  }
  // Now a majority, chosen by chance, is connected and stays so; the others are dead, cut off, or hear only.
  network.maxDelayMs = 20;
  network.cuts.clear();
  const shuffled = network.ids.map((id) => ({ id, key: chance.next() })).sort((a, b) => a.key - b.key);
  const members = shuffled.slice(0, network.quorum + chance.below(size - network.quorum + 1)).map(({ id }) =>
    id
  );
  for (const id of network.ids) {
    if (members.includes(id)) continue;
    if (chance.below(2) === 0) network.kill(id);
    for (const member of members) {
      network.cut(id, member);
      if (chance.below(2) === 0) network.cut(member, id);
    }
  }
  for (const id of members) {
    network.thaw(id);
    network.node(id).crashAfterActions = Infinity;
    network.start(id);
  }
  const led = () =>
    members.some((leader) => {
      const term = network.node(leader).election?.term;
      const following = members.filter((id) => {
        const election = network.node(id).election;
        return election?.leader === leader && election.term === term;
      });
      return network.node(leader).election?.role === "leader" && following.length >= network.quorum;
    });
  const tookMs = network.runUntil(led, 2000);
  assert(tookMs < Infinity, broken(seed, network, `no leader of ${members}`));
  check();
  const lowest = Math.min(...members);
  const settled = () => members.every((id) => network.node(id).election?.leader === lowest);
  // A leader whose lease had all but run out when the majority was connected may go once more.
  network.run(3000);
  assert(
    network.runUntil(settled, 60_000) < Infinity,
    broken(seed, network, `${lowest} does not lead ${members}`),
  );
  const elections = network.node(lowest).trace.length;
  network.run(5000);
  assertEquals(
    network.node(lowest).trace.length,
    elections,
    broken(seed, network, "the lowest does not go on leading"),
  );
  assert(settled(), broken(seed, network, "the others do not go on following"));
  // And with everything mended, the lowest of all.
  network.cuts.clear();
  for (const id of network.ids) {
    network.node(id).crashAfterActions = Infinity;
    network.start(id);
  }
  const whole = () => network.ids.every((id) => network.node(id).election?.leader === 1);
  assert(network.runUntil(whole, 60_000) < Infinity, broken(seed, network, "node 1 does not lead all"));
  check();
  let token = { term: 0, leader: 0 };
  for (const { term, leader, accepted } of network.writes) {
    const isLater = term > token.term || (term === token.term && leader === token.leader);
    assertEquals(accepted, isLater, broken(seed, network, "a stale write was taken"));
    if (accepted) token = { term, leader };
  }
  return tookMs;
}
