import { assertEquals } from "@std/assert";
import { decodeText, KnownText } from "../../actors/editor/known_text.ts";

Deno.test("editor: what is still being read of a text that was forgotten is not taken for what is known", async () => {
  const reads: { readonly buffer: Uint8Array; readonly done: (bytes: number) => void }[] = [];
  const log = {
    read: (buffer: Uint8Array) => new Promise<number>((done) => void reads.push({ buffer, done })),
  };
  const finish = async (index: number, text: string) => {
    const read = reads[index];
    read?.buffer.set(new TextEncoder().encode(text));
    read?.done(text.length);
    // Until all that was waiting for it has run.
    await new Promise((resolve) => setTimeout(resolve));
  };
  const tools = {
    settle: <T>(promise: Promise<T>, ok: (value: T) => void, failed: (error: unknown) => void) =>
      void promise.then(ok, failed),
  };
  let told = 0;
  const known = new KnownText(tools, log, () => told++);
  const text = () => known.bytes && decodeText(known.bytes);
  known.load(3);
  known.set(new TextEncoder().encode("new text"));
  await finish(0, "old");
  assertEquals(text(), "new text");
  // And where another one is being read by then.
  known.forget();
  known.load(3);
  known.forget();
  known.load(5);
  await finish(1, "old");
  assertEquals([text(), known.isLoading], [undefined, true]);
  await finish(2, "newer");
  assertEquals([text(), known.isLoading], ["newer", false]);
});
