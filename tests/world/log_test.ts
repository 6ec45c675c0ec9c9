import { assertEquals } from "@std/assert";
import { denoWorld, type LogStream } from "../../actors/world/deno/mod.ts";
import { until } from "../_helpers.ts";

function capture(format: "text" | "json", level: "debug" | "info" = "info") {
  const written: [LogStream, string][] = [];
  const world = denoWorld({
    log: { format, level, write: (lines, stream) => written.push([stream, lines]) },
  });
  return { world, written };
}

Deno.test("log: text lines show their level, plain ones are bare, and errors go to stderr in their place", () => {
  const { world, written } = capture("text");
  world.log.write({ level: "info", actor: "/a", message: "one" });
  world.log.write({ level: "warn", actor: "/a", message: "two", fields: { x: 1 } });
  world.log.write({ level: "error", actor: "/a", message: "three" });
  world.log.write({ level: "info", actor: "/a", message: "four", plain: true });
  world.log.write({ level: "debug", actor: "/a", message: "thrown away" });
  world.flush();
  world.flush();
  assertEquals(written, [["stdout", "[INFO] one\n[WARN] two\n"], ["stderr", "[ERROR] three\n"], [
    "stdout",
    "four\n",
  ]]);
});

Deno.test("log: one event is one line, whatever is in it", () => {
  const { world, written } = capture("text");
  world.log.write({ level: "info", actor: "/a", message: "a\nb\rc\x1b[2J\u2028\ttab ünï" });
  world.flush();
  assertEquals(written, [["stdout", "[INFO] a\\nb\\rc\\x1b[2J\\u2028\ttab ünï\n"]]);
});

Deno.test("log: JSON lines have time, level, actor and msg, which no field of the event's own can forge", () => {
  const { world, written } = capture("json");
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const fields = { level: "forged", big: 10n, error: new RangeError("too far"), n: 1 };
  world.log.write({ level: "warn", actor: "/a/b", message: "it\nhappened", fields });
  world.log.write({ level: "info", actor: "/a", message: "round", fields: { circular } });
  world.flush();
  const lines = written.map(([, text]) => text).join("").trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  for (const line of lines) assertEquals(new Date(line.time).toISOString(), line.time);
  assertEquals(lines.map(({ time: _, ...line }) => line), [
    {
      level: "warn",
      actor: "/a/b",
      msg: "it\nhappened",
      big: "10",
      error: { name: "RangeError", message: "too far" },
      n: 1,
    },
    { level: "info", actor: "/a", msg: "round" },
  ]);
});

Deno.test("log: lines of one turn of the loop are written together, without anybody asking", async () => {
  const { world, written } = capture("text");
  for (let i = 0; i < 3; i++) world.log.write({ level: "info", actor: "/a", message: `${i}` });
  assertEquals(written, []);
  await until(() => written.length > 0, "the log to be written");
  assertEquals(written, [["stdout", "[INFO] 0\n[INFO] 1\n[INFO] 2\n"]]);
});
