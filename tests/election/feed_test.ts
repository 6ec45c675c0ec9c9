import { assertEquals } from "@std/assert";
import { type ElectionFeedCommand, peer } from "../../actors/election/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate, type Ref, registryKey } from "../../mod.ts";
import type { ElectionNotice } from "../../protocols/election_events.ts";

Deno.test("election feed: a subscriber is told the present leader and members at once, and each change", async () => {
  await simulate("election feed", { seeds: [1] }, async (sim) => {
    const nodes = [1, 2, 3].map((id) => ({ id, address: { hostname: `n${id}`, port: 8080 } }));
    const early: ElectionNotice[] = [];
    const late: ElectionNotice[] = [];
    const subscribe = (system: ActorSystem, notices: ElectionNotice[], limit: number) => {
      const name = notices === early ? "early" : "late";
      system.spawn<Ref<ElectionFeedCommand> | undefined | ElectionNotice>(name, (self) => {
        self.watchKey(key, (ref) => ref);
        return (message) => {
          if (message === undefined) return;
          if (!("type" in message)) message.tell({ type: "subscribe", subscriber: self.self });
          else if (notices.push(message) === limit) self.stop();
        };
      });
    };
    const key = registryKey<ElectionFeedCommand>("election");
    let second: ActorSystem | undefined;
    const hosts = nodes.map(({ id, address }) => {
      const host = sim.host(address.hostname);
      host.disk.makeDirectory("/data");
      host.start((world) => {
        const system = new ActorSystem("peer", { world });
        const directory = `/data/Node${id}`;
        const logPath = "/data/Peer_files.log";
        if (id === 2) {
          second = system;
          subscribe(system, early, Infinity);
        }
        system.spawn("node", peer({ id, nodes, directory, logPath, feedKey: key }), {
          onFailure: escalate(),
        });
      });
      return host;
    });
    await sim.until(() => early.some((notice) => notice.type === "leader-known"), 20_000, "a leader");
    assertEquals(early.slice(0, 2).map(({ type }) => type), ["leader-lost", "members-changed"]);
    const known = early.find((notice) => notice.type === "leader-known");
    const leader = { type: "leader-known", leader: 1, address: nodes[0]?.address, isSelf: false };
    assertEquals({ ...known, term: 0 }, { ...leader, term: 0 });
    if (second !== undefined) subscribe(second, late, 2);
    await sim.until(() => late.length === 2, 1000, "the present state");
    assertEquals(late[0], known);
    hosts[0]?.crash();
    await sim.until(() => early.at(-1)?.type === "leader-known" && early.at(-1) !== known, 20_000, "another");
    const last = early.findLast((notice) => notice.type === "leader-known");
    assertEquals([last?.leader, last?.isSelf, early.some(({ type }) => type === "leader-lost")], [
      2,
      true,
      true,
    ]);
    assertEquals(late.length, 2);
  });
});
