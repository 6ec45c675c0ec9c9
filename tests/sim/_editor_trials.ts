/**
 * What the editor's campaign tries when all is well again: a disk that refuses, and a person at the file.
 *
 * @module
 */
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { LineClient } from "./_harness.ts";

/** One who writes in lines. */
export interface LineWriter {
  readonly name: string;
  readonly client: LineClient;
}

const ROUNDS = 6;
const SETTLED_MS = 10_000;
const SAVED_MS = 500;

function receivedBy({ client }: LineWriter): readonly string[] {
  return client.sessions.at(-1)?.received ?? [];
}

function toldErrors(writer: LineWriter): number {
  return receivedBy(writer).filter((line) => line.startsWith("Error: ")).length;
}

/** Saves fail: what was sent is in the document, or its sender was told. */
export async function writeToBadDisk(
  sim: SimWorld,
  server: SimHost,
  file: string,
  writers: readonly LineWriter[],
): Promise<void> {
  for (const writer of writers) await sendSurely(sim, server, file, writer);
  for (let round = 0; round < ROUNDS; round++) {
    const before = writers.map((writer) => ({ writer, sent: [] as string[], errors: toldErrors(writer) }));
    server.disk.failNext(sim.random.pick(["write", "sync"] as const), "no-space", { path: file });
    for (let part = 0; part < 3; part++) {
      for (const { writer, sent } of before) {
        const line = `${writer.name} tries ${round}.${part}`;
        writer.client.send(line);
        sent.push(line);
      }
      await sim.advance(sim.random.next() * 3);
    }
    let text: string | undefined;
    let lines = new Set<string>();
    await sim.until(
      () => {
        const now = server.disk.readText(file);
        // Asked after each event: the file has seldom changed.
        if (now !== text) lines = new Set(now?.split("\n"));
        text = now;
        return before.every(({ writer, sent, errors }) =>
          sent.filter((line) => lines.has(line)).length + toldErrors(writer) - errors >= sent.length
        );
      },
      SETTLED_MS,
      "all that was sent to be saved or refused",
    );
    sim.sometimes("a save was refused", before.some(({ writer, errors }) => toldErrors(writer) > errors));
    server.disk.forgetFailures();
  }
}

/** A person appends to the file, with a line end or without: everybody is told with the next line. */
export async function typeByHand(
  sim: SimWorld,
  server: SimHost,
  file: string,
  writers: readonly LineWriter[],
): Promise<string[]> {
  const typed: string[] = [];
  // Nobody can type between a look at the file and the write that follows it: it would be written over.
  await sim.advance(SAVED_MS);
  for (let round = 0; round < ROUNDS; round++) {
    const line = `typed by hand ${round}`;
    typed.push(line);
    const end = sim.random.chance(0.5) ? "\n" : "";
    server.disk.write(file, (server.disk.readText(file) ?? "") + line + end);
    const writer = sim.random.pick(writers);
    const next = await sendSurely(sim, server, file, writer);
    const isTold = (other: LineWriter) => {
      const received = receivedBy(other);
      return received.includes(line) && (other === writer || received.includes(next));
    };
    await sim.until(() => writers.every(isTold), SETTLED_MS, "what was typed by hand to reach everybody");
  }
  return typed;
}

/** Sends lines until one is saved: a connection that was silent for long is given up by the client itself. */
async function sendSurely(
  sim: SimWorld,
  server: SimHost,
  file: string,
  { name, client }: LineWriter,
): Promise<string> {
  for (let count = 0;; count++) {
    await sim.until(() => client.isConnected, SETTLED_MS, "a connection");
    const line = `${name} follows at ${sim.now}, ${count}`;
    client.send(line);
    const isSaved = sim.until(() => server.disk.readText(file)?.includes(`${line}\n`) === true, SAVED_MS);
    if (await isSaved.then(() => true, () => false)) return line;
  }
}
