/**
 * Whether what clients of lists saw, what listeners were told, and what the journals hold can all be true.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimEngineServer } from "../../actors/cluster/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { ENTITIES, type ListNews, type Seen } from "./_cluster_list.ts";

/** How names begin that are told, and not asked. */
export const TOLD = "told ";
/** The list that is read as its owner wakes. */
export const PROBED = "probed";

/** Some snapshots' worth: what they cover goes, if not at once. Without them there are hundreds. */
const MOST_RECORDS = 30;

/** What was seen and heard, in the order in which it was. */
export interface Evidence {
  readonly seen: readonly Seen[];
  /** What one client heard. */
  readonly news: readonly ListNews[];
  /** Clocks ran about alike: no owner spoke of itself after a later one. */
  readonly areTimely: boolean;
}

/** Throws where it cannot. */
export async function judge(sim: SimWorld, server: SimEngineServer, evidence: Evidence): Promise<void> {
  const { seen, news, areTimely } = evidence;
  for (const entity of [...ENTITIES, PROBED]) {
    const { names, owners } = await kept(server, entity);
    const { length: records } = (await server.records.read(`list.${entity}`)).records;
    assert(records <= MOST_RECORDS, `${entity}: ${records} records are kept, and a snapshot covers most`);
    const heard = news.filter((one) => one.entity === entity);
    judgeNews(sim, entity, names, heard);
    if (areTimely) judgeOwners(entity, heard);
    assertEquals(names.length, new Set(names).size, `${entity}: nothing happens twice: ${names}`);
    const told = names.filter((name) => name.startsWith(TOLD)).map((name) => Number(name.slice(TOLD.length)));
    assertEquals(told, told.toSorted((a, b) => a - b), `${entity}: what one host tells comes in its order`);
    sim.sometimes("much was told in a row", told.length > 10);
    const of = seen.filter((one) => one.entity === entity).toSorted((left, right) => left.to - right.to);
    for (const { added, length, names: read } of of) {
      if (added !== undefined) assertEquals(names[length - 1], added, `${entity}: what was answered is kept`);
      else if (read?.some((name, index) => name !== names[index]) ?? true) {
        assertEquals(read, names.slice(0, length), `${entity}: what was read is what happened`);
      }
    }
    // Everything that was answered before a call began is behind what that call sees.
    let [known, ended] = [0, 0];
    for (const one of of.toSorted((left, right) => left.from - right.from)) {
      for (let before = of[ended]; before !== undefined && before.to < one.from; before = of[++ended]) {
        known = Math.max(known, before.length);
      }
      assert(
        one.length >= known,
        `${entity}: ${one.added ?? "a read"} saw ${one.length} names, and ${known} were there`,
      );
    }
    sim.sometimes("an entity changed hands", owners > 1);
    sim.sometimes("much was said", names.length > 50);
  }
}

/** Who listens is told of each name once at most, and only of what is kept. */
function judgeNews(sim: SimWorld, entity: string, names: readonly string[], news: readonly ListNews[]): void {
  const told = new Set<string>();
  for (const { added, length } of news) {
    if (added === undefined) continue;
    assertEquals(names[length - 1], added, `${entity}: what was told is kept`);
    assert(!told.has(added), `${entity}: ${added} was told twice`);
    told.add(added);
  }
  sim.sometimes("several owners were heard", new Set(news.map(({ epoch }) => epoch)).size > 1);
}

/**
 * No owner speaks of itself once a later one has: what was written before it lost its lease it may still
 * tell.
 */
function judgeOwners(entity: string, news: readonly ListNews[]): void {
  let newest = 0;
  for (const { epoch, added } of news) {
    const isTimely = added !== undefined || epoch >= newest;
    assert(isTimely, `${entity}: an owner of epoch ${epoch} told something after one of ${newest}`);
    newest = Math.max(newest, epoch);
  }
}

/**
 * What is in the journal of an entity: the names in order, and how many owners the commits that are left
 * had.
 */
async function kept(server: SimEngineServer, entity: string): Promise<{ names: string[]; owners: number }> {
  const { snapshot, commits } = await server.journal.read({ type: "list", id: entity });
  const state: unknown = snapshot?.state;
  const list = typeof state === "object" && state !== null && "state" in state ? state.state : [];
  const behind = commits.flatMap((commit) => commit.entries.flatMap(({ events }) => events.map(String)));
  const before = Array.isArray(list) ? list.map(String) : [];
  return { names: [...before, ...behind], owners: new Set(commits.map(({ epoch }) => epoch)).size };
}
