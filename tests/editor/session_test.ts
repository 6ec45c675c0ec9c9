import { assertEquals } from "@std/assert";
import type { DocumentCommand, DocumentEvent } from "../../actors/editor/mod.ts";
import { editorSession } from "../../actors/editor/doors/line.ts";
import { ActorSystem, type Behavior, type Ref } from "../../mod.ts";
import { TestClient } from "../_helpers.ts";
import { quietWorld, startLines } from "../net/_net.ts";

/**
 * A document of ten bytes that is replaced by one of three, and grows, while the second piece of it is read.
 */
function replacedDocument(): Behavior<DocumentCommand> {
  let content = "0123456789";
  let reads = 0;
  return () => (command) => {
    if (command.type === "join") return command.member.tell({ type: "joined", length: content.length });
    if (command.type !== "read") return;
    const { range: { start, end }, replyTo } = command;
    const piece = encode(content.slice(start, reads === 0 ? 5 : end));
    if (++reads === 2) {
      content = "012\nnew\nand more than was there before\n";
      const own = { ranges: [{ start: 10, end: 14 }], characters: 4 };
      replyTo.tell({ type: "updated", start: 10, bytes: encode("own\n"), endsLine: false, own });
      grow(replyTo, 3, "\nnew\n");
      grow(replyTo, 8, "and more than was there before\n");
    }
    replyTo.tell({ type: "piece", start, bytes: piece });
  };
}

function grow(member: Ref<DocumentEvent>, start: number, text: string): void {
  member.tell({ type: "updated", start, bytes: encode(text), endsLine: false, own: undefined });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("editor session: a document that is replaced while it is sent loses nothing of what was saved since", async () => {
  await using system = new ActorSystem("documents", { world: quietWorld() });
  const document = system.spawn("document", replacedDocument());
  await using server = await startLines(editorSession({ document, maxOutboundBytes: 1 << 20 }));
  using client = await TestClient.connect(server.port);
  assertEquals(await client.line(), "01234");
  assertEquals(await client.line(), "new");
  assertEquals(await client.line(), "and more than was there before");
});
