/**
 * What people have typed together once, typed again through the server.
 *
 * The traces `friendsforever` and `clownschool` of github.com/josephg/editing-traces (`concurrent_traces/`)
 * are replayed where they are in `.tmp/traces/`; else one that is generated, of the same form.
 */
import { assertEquals } from "@std/assert";
import * as Y from "yjs";
import { root, tempDirectory, until } from "../_helpers.ts";
import { FOREIGN, open, Provider } from "../editor/_web_clients.ts";

/** What somebody has done at once: at a position, delete so many characters, insert a text. */
type Patch = readonly [at: number, remove: number, insert: string];

interface Trace {
  readonly endContent: string;
  readonly numAgents: number;
  readonly txns: readonly {
    /** The transactions that its author had seen last. */
    readonly parents: readonly number[];
    readonly agent: number;
    readonly patches: readonly Patch[];
  }[];
}

/** A transaction of a trace as an edit of Yjs. */
interface Step {
  readonly agent: number;
  readonly update: Uint8Array;
  /** How far the edits of each client must have come before it. */
  readonly before: ReadonlyMap<number, number>;
}

/** What the document of each agent would have been told, had they used Yjs then. */
function toSteps({ txns, numAgents }: Trace): Step[] {
  const docs = Array.from({ length: numAgents }, (_, agent) => {
    const doc = new Y.Doc();
    doc.clientID = agent + 1;
    return { doc, seen: new Set<number>() };
  });
  const steps: Step[] = [];
  for (const [index, { agent, parents, patches }] of txns.entries()) {
    const own = docs[agent];
    if (own === undefined) throw new RangeError(`Cannot replay: there is no agent ${agent}`);
    const missing: number[] = [];
    for (const stack = [...parents]; stack.length > 0;) {
      const txn = stack.pop() ?? 0;
      if (own.seen.has(txn)) continue;
      own.seen.add(txn);
      missing.push(txn);
      stack.push(...txns[txn]?.parents ?? []);
    }
    for (const txn of missing.sort((a, b) => a - b)) {
      const step = steps[txn];
      if (step !== undefined) Y.applyUpdate(own.doc, step.update);
    }
    const before = Y.encodeStateVector(own.doc);
    const text = own.doc.getText("content");
    own.doc.transact(() => {
      for (const [at, remove, insert] of patches) {
        // The traces count characters, Yjs code units.
        const start = units(text, at);
        const end = units(text, at + remove);
        if (end > start) text.delete(start, end - start);
        if (insert !== "") text.insert(start, insert);
      }
    });
    own.seen.add(index);
    const update = Y.encodeStateAsUpdate(own.doc, before);
    steps.push({ agent, update, before: Y.decodeStateVector(before) });
  }
  for (const { doc } of docs) doc.destroy();
  return steps;
}

/** The code units before a character. */
function units(text: Y.Text, characters: number): number {
  const all = text.toString();
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\uD7FF\uE000-\uFFFF]*$/.test(all)) return characters;
  return [...all].slice(0, characters).join("").length;
}

/** One person: types what they had typed, each time when what they had seen then has come. */
async function type(client: Provider, steps: readonly Step[]): Promise<void> {
  for (const [index, { update, before }] of steps.entries()) {
    const isHere = () => {
      const now = Y.decodeStateVector(Y.encodeStateVector(client.doc));
      return [...before].every(([id, clock]) => (now.get(id) ?? 0) >= clock);
    };
    while (!isHere()) await once(client.doc);
    Y.applyUpdate(client.doc, update, "the person");
    if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

function once(doc: Y.Doc): Promise<void> {
  return new Promise((resolve) => doc.once("update", () => resolve()));
}

async function replay(trace: Trace): Promise<void> {
  const steps = toSteps(trace);
  await using directory = await tempDirectory();
  await using door = await open(directory);
  const clients = await Promise.all(
    Array.from({ length: trace.numAgents }, () => Provider.open(door.url)),
  );
  await Promise.all(
    clients.map((client, agent) => type(client, steps.filter((step) => step.agent === agent))),
  );
  await until(() => clients.every(({ value }) => value === trace.endContent), "all to have the end", 120_000);
  await until(
    async () => await Deno.readTextFile(directory.file("temp.txt")) === trace.endContent,
    "the file to hold the end",
  );
  assertEquals(clients.map(({ value }) => value), clients.map(() => trace.endContent));
  for (const client of clients) client[Symbol.dispose]();
}

/** Two who write each at their own place of one text, and hear of each other late. */
function generated(): Trace {
  let seed = 5;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const txns: { parents: number[]; agent: number; patches: Patch[] }[] = [
    { parents: [], agent: 0, patches: [[0, 0, "= one =\n= two =\n"]] },
  ];
  /** What each has typed under its heading, as it stands in its own text, and what it has of the other's. */
  const own = ["", ""];
  const known = ["", ""];
  const last = [0, 0];
  const seen = [0, 0];
  for (let step = 0; step < 600; step++) {
    const agent = random(2);
    const other = 1 - agent;
    if (random(8) === 0) [seen[agent], known[agent]] = [last[other] ?? 0, own[other] ?? ""];
    const text = own[agent] ?? "";
    const at = random(text.length + 1);
    const remove = random(4) === 0 ? Math.min(text.length - at, 1 + random(4)) : 0;
    const insert = remove > 0 ? "" : ["a", "typed ", "ü", "\n"][random(4)] ?? "";
    const start = 8 + at + (agent === 0 ? 0 : (known[1]?.length ?? 0) + 8);
    own[agent] = text.slice(0, at) + insert + text.slice(at + remove);
    const parents = [...new Set([last[agent] ?? 0, seen[agent] ?? 0])];
    txns.push({ parents, agent, patches: [[start, remove, insert]] });
    last[agent] = txns.length - 1;
  }
  return { numAgents: 2, txns, endContent: `= one =\n${own[0]}= two =\n${own[1]}` };
}

async function fromDisk(name: string): Promise<Trace | undefined> {
  const file = await Deno.open(`${root}.tmp/traces/${name}.json.gz`).catch(() => undefined);
  if (file === undefined) return undefined;
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).json();
}

Deno.test(
  "editor: a session of two that was recorded as they typed comes to the end that they saw",
  FOREIGN,
  async () => {
    const recorded = [await fromDisk("friendsforever"), await fromDisk("clownschool")];
    for (const trace of [generated(), ...recorded]) if (trace !== undefined) await replay(trace);
  },
);
