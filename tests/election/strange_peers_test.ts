import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodePeerMessage, type PeerMessage } from "../../protocols/election_messages.ts";
import { encodeFileList } from "../../protocols/file_list.ts";
import { toHex } from "../../protocols/peer_auth.ts";
import { greeting, greetingAnswer } from "../../protocols/peer_link.ts";
import { denoWorld } from "../../mod.ts";
import { TestClient, until } from "../_helpers.ts";
import { PeerNetwork } from "./_peers.ts";
import { parseTrace } from "./_trace.ts";
import { IDLE_BEAT } from "./_wire.ts";

/** A node 2 of the test's own: it answers each `SEND` with the next of its lists, or the last. */
class StrangeNode implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #greeting: string | undefined;
  readonly #linked: TestClient[] = [];
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #serving: Promise<void>;
  lists: string[];
  asked = 0;

  /**
   * With `files` it is a new node that follows nobody, and says that these are in its folder; else an old
   * one.
   */
  constructor(port: number, lists: string[], files?: readonly string[]) {
    this.lists = lists;
    this.#greeting = files === undefined ? undefined : greetingAnswer(2, NONCE) + filesLine(1, files);
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#serving = this.#serve();
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      const client = new TestClient(conn);
      if (new TextDecoder().decode(await client.bytes(4)) === "SEND") {
        this.asked++;
        await client.send((this.lists.length > 1 ? this.lists.shift() : this.lists[0]) ?? "");
        client.close();
      } else {
        this.#linked.push(client);
        if (this.#greeting === undefined) continue;
        await client.send(this.#greeting);
        this.#timers.push(setInterval(() => void client.send(IDLE_BEAT).catch(() => {}), 100));
      }
    }
  }

  async say(line: string): Promise<void> {
    for (const client of this.#linked) await client.send(line).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of this.#linked) client.close();
  }
}

const NONCE = "0123456789abcdef".repeat(2);

function filesLine(version: number, names: readonly string[]): string {
  const list = encodeFileList(names);
  const sha256 = toHex(denoWorld().hash.digest("SHA-256", new TextEncoder().encode(list)));
  return encodePeerMessage({ type: "files", version, count: names.length, sha256 }) + "\n";
}

Deno.test("peer: a list that was cut short is asked for three times, then it is an error, and the log does without", async () => {
  // A leader that a busy machine deposes asks again.
  const flags = ["--wait-ms", "300", "--election-timeout-ms", "3000"];
  await using network = await PeerNetwork.create({ flags });
  await using strange = new StrangeNode(network.place(2).port, ["2_1.txt\n"], ["2_1.txt", "2_2.txt"]);
  for (const id of [1, 3]) await network.start(id);
  await network.elected(1, [1, 3]);
  await network.node(1).line("Error receiving files from Node 2: its list has 1 of 2 names");
  assertEquals(strange.asked, 3);
  await network.logged(network.log(1, [1, 3]));
  strange.lists = ["2_1.txt\n2_2.txt\n"];
  await strange.say(filesLine(2, ["2_1.txt", "2_2.txt"]));
  await network.node(1).line("Files received from Node 2.");
  await network.logged(network.log(1, [1, 2, 3]));
});

Deno.test("peer: names that would leave the folder or the line are left out of the log", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  await using _strange = new StrangeNode(network.place(2).port, [
    "../../etc/passwd\n2_1.txt\n/etc/shadow\n..\n\u001b[2J.txt\nNode 3 files:\r\n2_2.txt\nC:\\x\n",
  ]);
  for (const id of [1, 3]) await network.start(id);
  await network.elected(1, [1, 3]);
  await network.logged(network.log(1, [1, 2, 3]).replace("2_2.txt\n", "2_2.txt\n\\Node 3 files:\n"));
  await until(() => network.node(1).stdout.includes("Left out 5 names from Node 2"), "the warning");
});

Deno.test("peer: who claims to be an old node in the place of one that is not there does not end the majority", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  await network.start(1);
  using pretender = await TestClient.connect(network.place(1).port);
  await pretender.send("ID:2");
  await network.node(1).line("claims to be Node 2, and nobody answers at");
  await pretender.closed();
  const trace = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl")));
  assertEquals(trace.map(({ to }) => to), ["looking"]);
  assert(!network.node(1).stdout.includes("old node"));
});

Deno.test("peer: who claims to be an old node in the place of a new one that is not linked just now is found out", async () => {
  await using network = await PeerNetwork.create({ flags: ["--election-timeout-ms", "3000"] });
  for (const id of network.ids) await network.start(id);
  await network.node(3).line(/^Node 3 disconnected from Node 2\.$/);
  using pretender = await TestClient.connect(network.place(3).port);
  await pretender.send("ID:2");
  await network.node(3).line("claims to be Node 2, which is linked");
  await pretender.closed();
  assert(!network.node(3).stdout.includes("old node"), network.node(3).stdout);
});

Deno.test("peer: who dials in the name of a node that is down is not believed, whatever it says", async () => {
  await using network = await PeerNetwork.create({
    flags: ["--wait-ms", "300", "--election-timeout-ms", "3000"],
  });
  for (const id of [1, 2]) await network.start(id);
  await network.elected(1, [1, 2]);
  const { term = 0 } = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl"))).at(-1) ??
    {};
  const far = 281474976710656;
  const beat = {
    type: "beat",
    leader: 3,
    standing: false,
    started: true,
    plain: false,
    old: [],
    sentMs: 1,
  } as const;
  const lies: PeerMessage[] = [
    { type: "vote", term: far, granted: false },
    { ...beat, term: far },
    { ...beat, term: term + 2 },
    { ...beat, term: term + 2, leader: 0, old: [3] },
    { type: "vote-request", term: term + 2, replaces: 1 },
    { type: "bye" },
  ];
  for (const id of [1, 2]) {
    for (const lie of lies) {
      using strange = await TestClient.connect(network.place(id).port);
      await strange.send(greeting(3));
      assertMatch(await strange.line() ?? "", new RegExp(`^HELLO ${id} [0-9a-f]{32} 1,2,3$`));
      await strange.send(encodePeerMessage(lie) + "\n").catch(() => {});
      await strange.closed();
    }
    await network.node(id).line(/\[WARN\] Sent .* away: it claims to be Node 3, and nobody answers at/);
  }
  // The real one comes, and the term goes on from where it was.
  await network.start(3);
  await network.elected(1, [3]);
  const trace = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl")));
  assertEquals([trace.at(-1)?.to, trace.at(-1)?.term], ["leader", term]);
});

Deno.test("peer: with --quorum more than a majority is needed, to be elected and to go on", async () => {
  await using network = await PeerNetwork.create({ flags: ["--quorum", "3", "--wait-ms", "300"] });
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  await network.kill(3);
  await network.node(1).line(/Leader Node 1 steps down: lost its majority: fewer than 3 nodes/);
  await network.start(3);
  await network.elected(1, [1, 2, 3]);
});

Deno.test("peer: a memory that cannot be written ends the node before it votes; one that cannot be read is said to be lost", async () => {
  await using network = await PeerNetwork.create({ flags: ["--wait-ms", "300"] });
  const unwritable = network.launch(1, ["--memory", "missing/Node1.election"]);
  await network.start(2);
  const ended = await unwritable.ended();
  assertEquals([ended.code, ended.stderr.trim().split("\n").length], [1, 1]);
  assert(ended.stderr.includes("missing/"), ended.stderr);
  assert(!ended.stdout.includes("Leader elected"), ended.stdout);
  await Deno.writeTextFile(network.directory.file("Node1.election"), '{"term":');
  await network.start(1);
  const warning = "[WARN] Cannot use Node1.election, as if it were not there";
  await until(() => network.node(1).stdout.includes(warning), "the warning");
  await network.elected(1, [1, 2]);
  const memory: unknown = JSON.parse(await Deno.readTextFile(network.directory.file("Node1.election")));
  const { term } = parseTrace(await Deno.readTextFile(network.directory.file("trace1.jsonl"))).at(-1) ?? {};
  assertEquals(memory, { term, votedFor: 1 });
});

Deno.test("peer: a leader that finds a higher term beside the log leads in one above it, and writes", async () => {
  await using network = await PeerNetwork.create();
  await Deno.writeTextFile(`${network.logPath}.term`, "41\n");
  for (const id of network.ids) await network.start(id);
  await network.node(1).line("term 41 has written it");
  await network.logged(network.log(1, [1, 2, 3]));
  assertEquals(await Deno.readTextFile(`${network.logPath}.term`), "43 1\n");
});
