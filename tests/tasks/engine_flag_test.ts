import { assertEquals, assertThrows } from "@std/assert";
import { engineFlag } from "../../tasks/_chat_engine.ts";
import { UsageError } from "../../tasks/_flags.ts";

const { parse } = engineFlag();

Deno.test("engine: memory, a file of SQLite and servers of NATS are told apart", () => {
  const cases = [
    ["memory", "memory", ""],
    ["sqlite:chat.db", "sqlite", "chat.db"],
    ["sqlite:///var/lib/chat.db", "sqlite", "/var/lib/chat.db"],
    ["nats://127.0.0.1:4222", "nats", "127.0.0.1:4222"],
    ["nats://n1", "nats", "n1"],
    ["nats://n1:4222,nats://n2:4222,[::1]:4222", "nats", "n1:4222,nats://n2:4222,[::1]:4222"],
    ["nats://ada:secret/word@n1:4222,n2:4222", "nats", "ada:secret/word@n1:4222,n2:4222"],
  ] as const;
  for (const [text, kind, rest] of cases) assertEquals(parse(text), { kind, text, rest });
});

Deno.test("engine: what names no engine is a usage error, before anything is opened", () => {
  const wrong = ["", "Memory", "memory:", "memory:3", "sqlite", "sqlite:", "redis://h:1", "nats:", "nats://"];
  const noServers = [
    "nats:h:4222",
    "nats:/h",
    "nats://h:x",
    "nats://h:70000",
    "nats://h:0",
    "nats://h,",
    "nats://,h",
    "nats://%@h:1",
    "nats://ada:%ff@h:1",
  ];
  for (const text of [...wrong, ...noServers, "nats://h:1/path", "nats://a b:1", "nats://h:1?x"]) {
    assertThrows(() => parse(text), UsageError, `${JSON.stringify(text)} is not memory, sqlite:FILE or nats`);
  }
});
