/**
 * Strangers in numbers at real nodes: in the name of one that is down, asking for lists, and saying nothing.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { greeting } from "../../protocols/peer_link.ts";
import { startProcess, TestClient, until } from "../_helpers.ts";
import { descriptors } from "../faults/_strangers.ts";
import { PeerNetwork } from "./_peers.ts";
import { parseTrace } from "./_trace.ts";

/** Where the test is about who is not deposed, and the machine may stand still for a second. */
const PATIENT = ["--election-timeout-ms", "3000"];

/** How often a node has become leader. */
async function timesLed(network: PeerNetwork, id: number): Promise<number> {
  const text = await Deno.readTextFile(network.directory.file(`trace${id}.jsonl`));
  const trace = parseTrace(text.slice(0, text.lastIndexOf("\n") + 1));
  return trace.filter(({ to }) => to === "leader").length;
}

async function started(): Promise<PeerNetwork> {
  const network = await PeerNetwork.create({ flags: PATIENT });
  for (const id of network.ids) await network.start(id);
  await network.agreed(1, [1, 2, 3]);
  return network;
}

/** Asks for lists, and says whether all of these were right. */
const ASKING = `
import socket, sys, threading, time
port, seconds, askers = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
until, lists, wrong = time.time() + seconds, 0, 0
def ask():
    global lists, wrong
    while time.time() < until:
        asker = socket.create_connection(("127.0.0.1", port))
        asker.sendall(b"SEND")
        answer = b""
        while True:
            data = asker.recv(65536)
            if not data: break
            answer += data
        lists += 1
        wrong += answer != b"1_1.txt\\n"
threads = [threading.Thread(target=ask) for _ in range(askers)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(lists, wrong, flush=True)
`;

Deno.test("peer: eight connections in the name of a node that is down, as a new one and as an old one, keep it out of nothing", async () => {
  await using network = await started();
  await network.kill(2);
  await network.logged(network.log(1, [1, 3]));
  const holders: TestClient[] = [];
  const hold = async (id: number, text: string) => {
    for (let count = 0; count < 8; count++) {
      const holder = await TestClient.connect(network.place(id).port);
      holders.push(holder);
      await holder.send(text).catch(() => {});
    }
  };
  try {
    let isOver = false;
    const holding = (async () => {
      // Those that are sent away come back.
      while (!isOver) {
        for (const id of [1, 3]) {
          await hold(id, greeting(2));
          await hold(id, "ID:2");
        }
        for (const holder of holders.splice(0, holders.length - 64)) holder.close();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    try {
      await network.node(1).line("it claims to be Node 2, and nobody answers at");
      await network.start(2);
      await network.elected(1, [2]);
      await network.logged(network.log(1, [1, 2, 3]));
    } finally {
      isOver = true;
      await holding;
    }
  } finally {
    for (const holder of holders) holder.close();
  }
  assertEquals(await timesLed(network, 1), 1);
  for (const id of network.ids) {
    assert(!network.node(id).stdout.includes("old node"), network.node(id).stdout);
  }
});

Deno.test("peer: who asks for lists without end is answered, and the leader stays the leader", async (test) => {
  await using network = await started();
  const before = await descriptors(network.node(1).pid);
  await using asking = startProcess("python3", ["-c", ASKING, `${network.place(1).port}`, "2", "20"]);
  const { stdout } = await asking.ended();
  const [lists = 0, wrong] = stdout.split(" ").map(Number);
  await test.step(`${lists} lists in 2 s`, () => assertEquals([lists > 100, wrong], [true, 0]));
  await until(async () => await descriptors(network.node(1).pid) <= before, "the descriptors");
  assertEquals(await timesLed(network, 1), 1);
  assertEquals(await Deno.readTextFile(network.logPath), network.log(1, [1, 2, 3]));
});

Deno.test("peer: greetings that are never finished are closed, their descriptors come back, and nobody is held up", async () => {
  await using network = await started();
  const { pid } = network.node(1);
  const before = await descriptors(pid);
  const TEXTS = ["", "I", "ID:", "ID:2\t", "SEN", "\u00ef\u00bb", greeting(2).slice(0, -1)];
  const half = await Promise.all(Array.from({ length: 70 }, async (_, index) => {
    const client = await TestClient.connect(network.place(1).port);
    await client.send(TEXTS[index % TEXTS.length] ?? "").catch(() => {});
    return client;
  }));
  try {
    // A node that starts meanwhile is taken in.
    await network.kill(3);
    await network.logged(network.log(1, [1, 2]));
    await network.start(3);
    await network.elected(1, [3]);
    await network.logged(network.log(1, [1, 2, 3]));
    await Promise.all(half.map((client) => client.closed()));
    // A link may be a connection that was dialled the other way round.
    await until(async () => await descriptors(pid) <= before + 1, "the descriptors");
  } finally {
    for (const client of half) client.close();
  }
  assertEquals(await timesLed(network, 1), 1);
  assertLess(network.node(1).stdout.split("\n").length, 100);
});
