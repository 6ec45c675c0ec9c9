import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_ROWS, MAX_VIEWS, parseInspectorCommand } from "../../protocols/inspector.ts";

Deno.test("inspector: a command has all of its fields, within the limits, or is none", () => {
  const view = { path: "/a", skip: 0, count: 100 };
  const look = { type: "look", host: "a", views: [view] };
  for (
    const command of [
      look,
      { ...look, actor: "/a/b", busiest: { by: "mailbox", count: 10 } },
      { ...look, cluster: { skip: 100, count: 100 } },
      { type: "search", host: "a", text: "b" },
      { type: "where", entityType: "room", id: "lobby" },
      { type: "step", events: 1 },
      { type: "step", events: 1, until: "failure" },
    ]
  ) {
    assertEquals<unknown>(parseInspectorCommand(JSON.stringify(command)), command);
    assertEquals<unknown>(parseInspectorCommand("\ufeff" + JSON.stringify(command)), command);
  }
  for (
    const wrong of [
      { ...look, views: "all" },
      { ...look, views: Array.from({ length: MAX_VIEWS + 1 }, () => ({ ...view, count: 1 })) },
      { ...look, views: [{ ...view, count: MAX_ROWS }, view] },
      { ...look, views: [{ ...view, skip: -1 }] },
      { ...look, views: [{ ...view, count: 1.5 }] },
      { ...look, views: [{ ...view, path: "x".repeat(5000) }] },
      { ...look, busiest: { by: "size", count: 1 } },
      { ...look, busiest: { by: "mailbox", count: 201 } },
      { ...look, cluster: { skip: 0, count: 1001 } },
      { ...look, cluster: "all" },
      { type: "where", entityType: "room" },
      { type: "search", host: "a" },
      { type: "step", events: 1e7 },
      { type: "step", events: 1, until: "tomorrow" },
      { type: "stop" },
      { type: "constructor" },
    ]
  ) {
    assertEquals(parseInspectorCommand(JSON.stringify(wrong)), null, JSON.stringify(wrong).slice(0, 80));
  }
});

Deno.test("inspector: no text makes the reader of commands throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    parseInspectorCommand(text);
  }));
});
