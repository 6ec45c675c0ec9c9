import { assert, assertEquals, assertMatch } from "@std/assert";
import { runTask, startProcess, startTask, tempDirectory, TestClient, until } from "../_helpers.ts";
import { PeerNetwork } from "../election/_peers.ts";
import { parseTrace } from "../election/_trace.ts";

/** Where a test is about who is not deposed, and the machine may stand still for a second. */
const PATIENT = ["--election-timeout-ms", "3000"];

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) =>
    permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest])
  );
}

/**
 * Whose connections Node 1 has accepted, once each link is one connection, as the kernel has them; undefined
 * where it does not show.
 */
async function clientsOfLeader(network: PeerNetwork): Promise<string[] | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const [own, ...others] = network.places.map(({ port }) => port);
  let accepted: string[] = [];
  await until(async () => {
    await using table = startProcess("bash", ["-c", "cat /proc/net/tcp"]);
    const established = [...(await table.ended()).stdout.matchAll(/: 0100007F:(\w+) 0100007F:(\w+) 01 /g)]
      .map(([, local = "", remote = ""]) => [Number(`0x${local}`), Number(`0x${remote}`)]);
    accepted = established.filter(([local]) => local === own).map(([, remote]) => `127.0.0.1:${remote}`);
    // The two others have no link with each other any more.
    const dialled = established.filter(([, remote]) => remote !== undefined && others.includes(remote));
    return accepted.length + dialled.length === 2;
  }, "one connection a link");
  return accepted;
}

for (const order of permutations([1, 2, 3])) {
  Deno.test(`peer: started in the order ${order}, the lowest leads and logs everybody's files`, async () => {
    await using network = await PeerNetwork.create({ flags: ["--wait-ms", "20000", ...PATIENT] });
    for (const id of order) await network.start(id);
    await network.elected(1, [1, 2, 3]);
    await network.node(1).line(/^Leader Node 1 remains connected to all peers\.$/);
    await network.logged(network.log(1, [1, 2, 3]));
    const received = network.node(1).stdout.match(/^Files received from .*$/gm) ?? [];
    assertEquals(received.sort(), ["Files received from Node 2.", "Files received from Node 3."]);
    await network.node(2).line(/^Node 2 disconnected from Node 3\.$/);
    await network.node(3).line(/^Node 3 disconnected from Node 2\.$/);
    for (const id of network.ids) {
      for (const other of network.ids) {
        if (other !== id) {
          assertMatch(
            network.node(id).stdout,
            new RegExp(`^Node ${id} connected (to|with) Node ${other}\\.$`, "m"),
          );
        }
      }
    }
  });
}

Deno.test("peer: a node that is none of the network's is a usage error", async () => {
  const cases: [string[], string][] = [
    [[], "Invalid node_id. Must be 1, 2, or 3."],
    [["4"], "Invalid node_id. Must be 1, 2, or 3."],
    [["one"], "Invalid node_id. Must be 1, 2, or 3."],
    [["3", "--nodes", "1=127.0.0.1:8080,2=127.0.0.1:8081"], "Invalid node_id. Must be 1 or 2."],
    [["1", "--nodes", "1=127.0.0.1:8080,1=127.0.0.1:8081"], "two nodes have the ID 1"],
    [["1", "--nodes", "1=127.0.0.1"], "--nodes"],
    [["1", "--quorum", "1"], "Cannot elect with a quorum of 1: of 3 nodes it takes 2 to 3"],
    [["1", "--heartbeat-ms", "500"], "at least three heartbeats"],
  ];
  for (const [args, message] of cases) {
    const ended = await runTask("peer", args);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assert(ended.stderr.includes(message), ended.stderr);
  }
});

Deno.test("peer: a get that is interrupted says so, in its exit code too, and nothing of a server", async () => {
  await using temp = await tempDirectory();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const magnet = `magnet:?xt=urn:btih:${"a".repeat(40)}&x.pe=127.0.0.1:9`;
    await using get = startTask("peer", ["1", "get", magnet, "--data-dir", temp.path, "--swarm-port", "0"]);
    await get.line("Looking for peers");
    get.kill(signal);
    const ended = await get.ended();
    assertEquals([ended.code, ended.stderr], [code, ""]);
    assertMatch(ended.stdout, /\nStopped: the next get of it goes on with what is there\n$/);
  }
});

Deno.test("peer: a port that is taken, or a file where the folder should be, is one line and exit code 1", async () => {
  await using network = await PeerNetwork.create();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: network.place(1).port });
  const taken = await network.launch(1).ended();
  assertEquals([taken.code, taken.stderr.trim().split("\n").length], [1, 1]);
  assert(taken.stderr.includes(String(listener.addr.port)), taken.stderr);
  const wrong = await network.launch(2, ["--dir", "Node1/1_1.txt"]).ended();
  assertEquals([wrong.code, wrong.stderr.trim().split("\n").length], [1, 1]);
  assert(wrong.stderr.includes("1_1.txt"), wrong.stderr);
});

Deno.test("peer: 3,000 names of every length are logged, sorted; and what cannot be a name in the log is not", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "10000"] });
  const names = Array.from({ length: 3000 }, (_, index) => `${index}_${"x".repeat(index % 240)}.txt`);
  for (const name of names) await Deno.writeTextFile(network.directory.file(`Node2/${name}`), "");
  await Deno.writeTextFile(network.directory.file("Node2/line\nbreak"), "");
  await Deno.mkdir(network.directory.file("Node2/folder"));
  for (const id of network.ids) await network.start(id);
  const all = [...names, ...network.names(2)].sort();
  const expected = network.log(1, [1, 2, 3]).replace(
    /(Node 2 files:\n)[^]*?(\n\nNode 3)/,
    (_, head, tail) => head + all.join("\n") + tail,
  );
  await network.logged(expected);
  await network.node(2).line(/\[WARN\] .*line\\\\?nbreak/);
});

Deno.test("peer: of five nodes the lowest of those that live leads, down to a bare majority, and no further", async () => {
  await using network = await PeerNetwork.create({ size: 5, flags: ["--wait-ms", "10000"] });
  await Promise.all(network.ids.map((id) => network.start(id)));
  await network.agreed(1, [1, 2, 3, 4, 5]);
  await network.kill(1);
  await network.agreed(2, [2, 3, 4, 5]);
  await network.kill(2);
  await network.agreed(3, [3, 4, 5]);
  await network.kill(3);
  await Promise.all([4, 5].map((id) => network.node(id).line("follows Node 3 no more")));
  // What does not happen cannot be waited for: there is time enough for an election, and then the output is
  // read.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (const id of [4, 5]) {
    const afterwards = network.node(id).stdout.split("follows Node 3 no more").at(-1) ?? "";
    assertEquals(afterwards.match(/^Leader elected: .*$/gm), null);
  }
  await network.start(1);
  await network.agreed(1, [1, 4, 5]);
});

Deno.test("peer: a node that comes late joins, and leads when it is the lowest", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "500"] });
  await network.start(3);
  await network.start(2);
  await network.agreed(2, [2, 3]);
  await network.start(1);
  await network.agreed(1, [1, 2, 3]);
  const words = "Leader Node 2 steps down: votes for Node 1";
  await until(() => network.node(2).stdout.includes(words), words).catch((error: unknown) => {
    throw new Error(`${error}\n${network.node(2).stdout}`, { cause: error });
  });
});

Deno.test("peer: a leader that is killed is replaced, and leads again when it is back", async () => {
  await using network = await PeerNetwork.create();
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  await network.kill(1);
  await network.agreed(2, [2, 3]);
  await network.start(1);
  await network.agreed(1, [1, 2, 3]);
});

Deno.test("peer: a leader that is frozen is replaced, says that it leads no more when it wakes, and leads again", async () => {
  await using network = await PeerNetwork.create();
  for (const id of network.ids) await network.start(id);
  await network.agreed(1, [1, 2, 3]);
  network.node(1).kill("SIGSTOP");
  await network.agreed(2, [2, 3]);
  network.node(1).kill("SIGCONT");
  await network.node(1).line(/Leader Node 1 steps down: lost its majority/);
  await network.agreed(1, [1, 2, 3]);
});

Deno.test("peer: a follower that is frozen or killed leaves the leader where it is, and the log without it", async () => {
  await using network = await PeerNetwork.create({ flags: PATIENT });
  for (const id of network.ids) await network.start(id);
  await network.agreed(1, [1, 2, 3]);
  network.node(3).kill("SIGSTOP");
  await network.logged(network.log(1, [1, 2]));
  network.node(3).kill("SIGCONT");
  await network.logged(network.log(1, [1, 2, 3]));
  await network.kill(2);
  await network.logged(network.log(1, [1, 3]));
  const led = (await Deno.readTextFile(network.directory.file("trace1.jsonl"))).match(/"to":"leader"/g);
  assertEquals(led?.length, 1);
});

Deno.test("peer: a minority elects nobody, and a leader that is left in one says that it leads no more", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  await network.start(2);
  await network.start(1);
  await network.elected(1, [1, 2]);
  await network.kill(2);
  await network.node(1).line(/Leader Node 1 steps down: lost its majority/);
  await network.start(3);
  await network.elected(1, [1, 3]);
  await network.kill(1);
  await network.node(3).line("Node 3 follows Node 1 no more");
  // What does not happen cannot be waited for: it has time enough for several elections, and then the trace
  // is read.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const trace = parseTrace(await Deno.readTextFile(network.directory.file("trace3.jsonl")));
  const alone = trace.slice(trace.findLastIndex(({ to }) => to === "follower") + 1);
  assertEquals(alone.map(({ to }) => to), ["looking"]);
});

Deno.test("peer: a leader that stops hands over at once, and a stop is exit code 0", async () => {
  await using network = await PeerNetwork.create({ flags: PATIENT });
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  const leader = network.node(1);
  const accepted = await clientsOfLeader(network);
  leader.kill("SIGINT");
  await network.elected(2, [2, 3]);
  const ended = await leader.ended();
  network.running.delete(1);
  assertEquals([ended.code, ended.stderr], [0, ""]);
  const [, stopping = ""] = ended.stdout.split("Server stopped with user keyboard interrupt.\n");
  assertMatch(stopping, /^Shutting down server\.\.\.\n/);
  assertMatch(stopping, /Server shut down\.\n$/);
  const gone = [...stopping.matchAll(/^Connection lost with client: (\S+)$/gm)].map(([, client]) => client);
  if (accepted === undefined) assert(gone.length <= 2, stopping);
  else assertEquals(gone.sort(), accepted.sort());
});

Deno.test("peer: the log follows the folders", async () => {
  await using network = await PeerNetwork.create();
  for (const id of network.ids) await network.start(id);
  await network.logged(network.log(1, [1, 2, 3]));
  await Deno.writeTextFile(network.directory.file("Node3/3_4.txt"), "");
  await network.logged(network.log(1, [1, 2, 3]) + "3_4.txt\n");
  await Deno.remove(network.directory.file("Node3/3_4.txt"));
  await Deno.writeTextFile(network.directory.file("Node1/0.txt"), "");
  await network.logged(network.log(1, [1, 2, 3]).replace("1_1.txt", "0.txt\n1_1.txt"));
});

Deno.test("peer: strangers are sent away, and nobody else notices", async () => {
  await using network = await PeerNetwork.create({ flags: PATIENT });
  for (const id of network.ids) await network.start(id);
  await network.logged(network.log(1, [1, 2, 3]));
  const { port } = network.place(1);
  for (
    const text of [
      "GET / HTTP/1.1\r\n\r\n",
      "ID:1 \t\n",
      "ID:7 \t\n",
      "ID:2 \t\n{}\n",
      "ID:2 \t\n" + "x".repeat(100_000),
      "x".repeat(100_000),
    ]
  ) {
    using stranger = await TestClient.connect(port);
    await stranger.send(text).catch(() => {});
    await stranger.closed();
  }
  // Who pretends to be an old node in the place of one that is linked does not end the majority.
  using pretender = await TestClient.connect(port);
  await pretender.send("ID:2");
  await pretender.closed();
  await network.node(1).line("claims to be Node 2");
  using asker = await TestClient.connect(port);
  await asker.send("SEND");
  assertEquals(await asker.rest(), "1_1.txt\n");
  const trace = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl")));
  assertEquals([trace.at(-1)?.to, trace.filter(({ to }) => to === "leader").length], ["leader", 1]);
});
