import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseChatWebCommand } from "../../protocols/chat_web.ts";

Deno.test("chat web: a command has all of its fields, of their kinds, or is none", () => {
  const good = [
    { type: "name", name: "ann" },
    { type: "join", room: "den", after: "x-1" },
    { type: "say", room: "den", text: "hi", action: false, tag: "t1" },
    { type: "private", to: "bob", text: "hi", tag: "t2" },
    { type: "rooms" },
  ];
  for (const command of good) {
    const text = JSON.stringify(command);
    assertEquals(
      parseChatWebCommand(text),
      parseChatWebCommand(text) === null ? undefined : JSON.parse(text),
    );
    for (const field of Object.keys(command).filter((field) => field !== "after")) {
      const { [field as "type"]: _, ...rest } = command;
      assertEquals(parseChatWebCommand(JSON.stringify(rest)), null, `${command.type} without ${field}`);
      const wrong = JSON.stringify({ ...command, [field]: 7 });
      assertEquals(parseChatWebCommand(wrong), null, `${command.type} with a number as ${field}`);
    }
  }
  for (const text of ["", "null", "[]", "7", '"name"', '{"type":"constructor"}', '{"type":"__proto__"}']) {
    assertEquals(parseChatWebCommand(text), null, text);
  }
});

Deno.test("chat web: a byte order mark before a command is passed over, and one in it is text", () => {
  const command = { type: "say", room: "lobby", text: "\ufeffhi", tag: "1", action: false } as const;
  assertEquals(parseChatWebCommand("\ufeff" + JSON.stringify(command)), command);
  assertEquals(parseChatWebCommand("\ufeff\ufeff" + JSON.stringify(command)), null);
});

Deno.test("chat web: no text makes the reader throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    parseChatWebCommand(text);
  }));
});
