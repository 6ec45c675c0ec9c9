import { assert, assertEquals } from "@std/assert";
import { available, TestClient, until } from "../_helpers.ts";
import { PeerNetwork } from "./_peers.ts";

const python = await available("python3", "--version");

/** Some ways to mix, as real processes; `old_mixtures_test.ts` has all of them. */
const mixes: { old: number[]; order: number[]; flags?: string[] }[] = [
  { old: [1], order: [1, 2, 3] },
  { old: [2], order: [3, 2, 1], flags: ["--short"] },
  { old: [1, 2], order: [1, 2, 3] },
  { old: [2, 3], order: [3, 1, 2] },
];

for (const { old, order, flags = [] } of mixes) {
  const name = `peer: with old nodes ${old} (${
    flags.join(" ") || "long"
  }), started in the order ${order}, all elect Node 1, and the log is the same`;
  Deno.test({ name, ignore: !python }, async () => {
    await using network = await PeerNetwork.create({ flags: ["--wait-ms", "20000"] });
    for (const id of order) await (old.includes(id) ? network.startOld(id, flags) : network.start(id));
    await network.agreed(1, [1, 2, 3]);
    const warned = network.ids.some((id) => network.node(id).stdout.includes("is an old node"));
    assert(warned, "no new node has warned of the old ones");
    for (const id of network.ids) {
      assertEquals(network.node(id).stdout.match(/Leader elected: .*/g), ["Leader elected: Node 1"]);
      assert(!network.node(id).stdout.includes("strange message"), network.node(id).stdout);
    }
  });
}

Deno.test({
  name:
    "peer: an old leader that dies is replaced by the lowest of the new nodes, which then need a majority again",
  ignore: !python,
}, async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "20000"] });
  await network.startOld(1);
  for (const id of [2, 3]) await network.start(id);
  await network.elected(1, [2, 3]);
  await network.kill(1);
  await network.agreed(2, [2, 3]);
  // A new node in the old one's place: nobody is old any more.
  await network.start(1);
  await network.agreed(1, [1, 2, 3]);
  await until(
    async () => /"to":"leader"/.test(await Deno.readTextFile(network.directory.file("trace1.jsonl"))),
    "an election",
  );
});

Deno.test({
  name: "peer: an old node that comes late is counted in, and when its files change the log follows",
  ignore: !python,
}, async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  for (const id of [1, 2]) await network.start(id);
  await network.elected(1, [1, 2]);
  await network.startOld(3);
  await network.elected(1, [3]);
  await network.logged(network.log(1, [1, 2, 3]));
  await Deno.writeTextFile(network.directory.file("Node3/3_4.txt"), "");
  await network.logged(network.log(1, [1, 2, 3]) + "3_4.txt\n");
  await network.kill(3);
  await network.logged(network.log(1, [1, 2]));
});

Deno.test("peer: a node that is silent is not taken for an old one", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  // Frozen before anybody ever heard it: it accepts connections, and says nothing.
  await network.start(3);
  network.node(3).kill("SIGSTOP");
  for (const id of [1, 2]) await network.start(id);
  await network.agreed(1, [1, 2]);
  // Longer than it takes to find an old node out.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  for (const id of [1, 2]) assert(!network.node(id).stdout.includes("old node"), network.node(id).stdout);
  network.node(3).kill("SIGCONT");
  await network.logged(network.log(1, [1, 2, 3]));
});

Deno.test("peer: what a new node says to an old one is what an old node says, but for white space", async () => {
  await using network = await PeerNetwork.create();
  const { port } = network.place(2);
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  const dialled = listener.accept();
  await network.start(1);
  using greeted = new TestClient(await dialled);
  const bytes = new TextDecoder().decode(await greeted.bytes(7));
  assertEquals([bytes.trimEnd(), bytes], ["ID:1", "ID:1 \t\n"]);
  // No answer comes, as from an old node: then nothing more is said on it; the list is asked for elsewhere,
  // in four bytes.
  using asked = new TestClient(await listener.accept());
  assertEquals(new TextDecoder().decode(await asked.bytes(4)), "SEND");
  // An old node does not close after its list: who does is greeted a second time.
  await asked.send("2_1.txt");
  await network.node(1).line("Node 2 is an old node");
  greeted.close();
  using looked = new TestClient(await listener.accept());
  assertEquals(new TextDecoder().decode(await looked.bytes(4)), "SEND");
});
