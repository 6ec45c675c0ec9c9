import { assert, assertEquals, assertMatch } from "@std/assert";
import { StreamWriter } from "../../actors/world/real/stream_writer.ts";

/** A stream whose reader reads when it is told to. */
class Pipe {
  text = "";
  readonly #waiting: (() => void)[] = [];
  #open = false;
  failNext: Error | undefined;

  readonly write = async (bytes: Uint8Array): Promise<number> => {
    if (!this.#open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure) throw failure;
    const taken = bytes.subarray(0, 1000);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  };

  read(): void {
    this.#open = true;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

function writerTo(pipe: Pipe, maxWaiting: number): StreamWriter {
  return new StreamWriter({ write: pipe.write, lostLine: (count) => `${count} lost\n`, maxWaiting });
}

const line = (n: number) => `line ${String(n).padStart(4, "0")}\n`;

Deno.test("log: what a reader leaves unread is kept up to a bound, and the rest is counted and said in its place", async () => {
  const pipe = new Pipe();
  const writer = writerTo(pipe, 10_000);
  for (let n = 0; n < 5000; n++) writer.add(line(n));
  const drained = writer.drain();
  pipe.read();
  await drained;
  writer.add("after\n");
  await writer.drain();
  const lines = pipe.text.trimEnd().split("\n");
  assertEquals(lines.at(-1), "after");
  const kept = lines.filter((text) => text.startsWith("line"));
  assertEquals(kept, Array.from({ length: kept.length }, (_, n) => line(n).trimEnd()));
  assertEquals(lines.filter((text) => text.endsWith("lost")), [`${5000 - kept.length} lost`]);
  assert(kept.length > 900 && kept.length <= 1000, `${kept.length} were kept`);
});

Deno.test("log: a full disk costs the lines that met it, and they are counted", async () => {
  const pipe = new Pipe();
  pipe.read();
  const writer = writerTo(pipe, 10_000);
  pipe.failNext = new Error("no space left on device");
  writer.add("one\ntwo\n");
  await writer.drain();
  writer.add("three\n");
  await writer.drain();
  assertEquals(pipe.text, "2 lost\nthree\n");
});

Deno.test("log: a reader that has gone for good costs nothing and is not tried again", async () => {
  const pipe = new Pipe();
  pipe.read();
  const writer = writerTo(pipe, 10_000);
  pipe.failNext = new Deno.errors.BrokenPipe("gone");
  writer.add("one\n");
  await writer.drain();
  writer.add("two\n");
  await writer.drain();
  assertEquals([pipe.text, writer.isIdle], ["", true]);
});

Deno.test("log: a stack stays with its line, or both are lost", async () => {
  const pipe = new Pipe();
  const writer = writerTo(pipe, 40);
  writer.add("kept, 20 characters\n");
  writer.add("lost, 20 characters\n    at lost.ts:1\n");
  pipe.read();
  await writer.drain();
  assertMatch(pipe.text, /^kept, 20 characters\n1 lost\n$/);
});

Deno.test("log: a character on the border of two writes stays whole", async () => {
  let text = "";
  const decoder = new TextDecoder();
  const write = (bytes: Uint8Array) => {
    text += decoder.decode(bytes);
    return Promise.resolve(bytes.length);
  };
  const writer = new StreamWriter({ write, lostLine: String, maxWaiting: 1e6 });
  const lines = `${"x".repeat(2 ** 15 - 1)}\u{1f600}${"y".repeat(2 ** 15 - 2)}\u{1f600}\n`;
  writer.add(lines);
  await writer.drain();
  assertEquals(text === lines, true, "a character was cut");
});
