import { assertEquals } from "@std/assert";
import { Catalog, type Inventory } from "../../actors/sharing/catalog.ts";

/** A node that has one file; its content is a letter. */
function nodeWith(node: number, name: string, content: string): Inventory {
  const hash = (text: string, digits: number) => text.charCodeAt(0).toString(16).padStart(digits, "0");
  const torrent = hash(content, 20) + hash(name, 20);
  const file = { name, bytes: 1, sha256: hash(content, 64), infoHash: torrent, pieces: hash(content, 40) };
  return { node, swarmPort: 9080, files: [file] };
}

Deno.test("sharing: a name that stands for several contents is that which most nodes have, under whatever name", () => {
  const catalog = new Catalog([
    nodeWith(1, "plan.txt", "x"),
    nodeWith(2, "plan.txt", "y"),
    nodeWith(3, "plan.txt", "y"),
    nodeWith(4, "note.txt", "z"),
    nodeWith(5, "copy.txt", "x"),
    nodeWith(6, "other.txt", "x"),
  ]);
  const holders = (name: string) => catalog.byName(name)?.holders;
  assertEquals(holders("plan.txt"), [1, 5, 6]);
  assertEquals(holders("note.txt"), [4]);
  const fewer = new Catalog([
    nodeWith(1, "plan.txt", "x"),
    nodeWith(2, "plan.txt", "y"),
    nodeWith(3, "plan.txt", "y"),
  ]);
  assertEquals(fewer.byName("plan.txt")?.nodes, [2, 3]);
});
