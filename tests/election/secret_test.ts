/**
 * Nodes that share a secret, as real processes, and those who do not know it.
 */
import { assert, assertEquals } from "@std/assert";
import { encodePeerMessage } from "../../protocols/election_messages.ts";
import { greetingAnswer } from "../../protocols/peer_link.ts";
import { available, TestClient, until } from "../_helpers.ts";
import { PeerNetwork } from "./_peers.ts";
import { parseTrace } from "./_trace.ts";

const PATIENT = ["--wait-ms", "300", "--election-timeout-ms", "3000", "--secret-file", "secret"];

/** Three nodes, of which none has been started, with a secret in a file. */
async function network(flags: readonly string[] = []): Promise<PeerNetwork> {
  const made = await PeerNetwork.create({ flags: [...PATIENT, ...flags] });
  await Deno.writeTextFile(
    made.directory.file("secret"),
    "a secret of more than 32 bytes, as they all have it",
  );
  return made;
}

/** In the place of Node 3: it answers each greeting, and then claims to lead in a term that is its own. */
class Pretender implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #clients: TestClient[] = [];
  readonly #serving: Promise<void>;

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#serving = this.#serve();
  }

  async #serve(): Promise<void> {
    const beat = {
      type: "beat",
      leader: 3,
      standing: true,
      started: true,
      plain: false,
      old: [],
      sentMs: 0,
    } as const;
    for await (const conn of this.#listener) {
      const client = new TestClient(conn);
      this.#clients.push(client);
      await client.send(greetingAnswer(3, "0123456789abcdef".repeat(2), "1,2,3")).catch(() => {});
      for (const term of [3, 6, 9]) {
        await client.send(encodePeerMessage({ ...beat, term }) + "\n").catch(() => {});
      }
      await client.send(encodePeerMessage({ type: "vote-request", term: 9, replaces: 1 }) + "\n").catch(
        () => {},
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    for (const client of this.#clients) client.close();
  }
}

async function transitions(network: PeerNetwork, id: number) {
  const text = await Deno.readTextFile(network.directory.file(`trace${id}.jsonl`));
  return parseTrace(text.slice(0, text.lastIndexOf("\n") + 1));
}

Deno.test("peer: with a secret, who listens in the place of a node that is down leads nobody, deposes nobody, and lists nothing", async () => {
  await using peers = await network();
  {
    await using _ = new Pretender(peers.place(3).port);
    for (const id of [1, 2]) await peers.start(id);
    await peers.elected(1, [1, 2]);
    await peers.logged(peers.log(1, [1, 2]));
    await until(() => /\[WARN\] Node 3 .*does not know the secret/.test(peers.node(1).stdout), "the warning");
  }
  const led = (await transitions(peers, 1)).filter(({ to }) => to === "leader");
  assertEquals(led.length, 1);
  // The real one comes, and the term goes on from where it was.
  await peers.start(3);
  await peers.elected(1, [3]);
  await peers.logged(peers.log(1, [1, 2, 3]));
  const [first] = led;
  await until(async () => {
    const last = (await transitions(peers, 3)).at(-1);
    return last?.to === "follower" && last.leader === 1 && last.term === first?.term;
  }, "Node 3 to follow in the same term");
  assert(!peers.node(1).stdout.includes("runs without --secret-file"));
});

Deno.test("peer: a node with another secret, or with none, is no node, and is said by name", async () => {
  await using peers = await network();
  await Deno.writeTextFile(
    peers.directory.file("other"),
    "another secret, which has 32 bytes and more as well",
  );
  for (const id of [1, 2]) await peers.start(id);
  await peers.elected(1, [1, 2]);
  await peers.start(3, ["--secret-file", "other"]);
  for (const id of [1, 3]) {
    await until(() => /\[WARN\] .*does not know the secret/.test(peers.node(id).stdout), "the warning");
  }
  await peers.kill(3);
  using old = await TestClient.connect(peers.place(1).port);
  await old.send("ID:3");
  await peers.node(1).line(/\[WARN\] .*it greets as an old node, and is not one of --old-nodes/);
  assertEquals(await Deno.readTextFile(peers.logPath), peers.log(1, [1, 2]));
  assertEquals((await transitions(peers, 1)).filter(({ to }) => to === "leader").length, 1);
});

Deno.test({
  name: "peer: with a secret, an old node takes part where --old-nodes names it",
  ignore: !await available("python3", "--version"),
}, async () => {
  await using peers = await network(["--old-nodes", "3"]);
  for (const id of [1, 2]) await peers.start(id);
  await peers.startOld(3);
  await peers.elected(1, [3]);
  await peers.logged(peers.log(1, [1, 2, 3]));
});
