import { assertEquals, assertMatch } from "@std/assert";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import type { LogStream } from "../../actors/world/real/mod.ts";
import { RealLog } from "../../actors/world/real/log.ts";
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

/**
 * One of each kind that a terminal obeys or nobody sees: C0, C1, DEL, separators, bidirectional, invisible,
 * tag.
 */
const HIDDEN =
  "\u0000\t\n\r\u001b\u007f\u009b\u00ad\u061c\u180e\u200b\u200e\u2028\u2029\u202e\u2060\u2066\ufeff\u{e0041}";

Deno.test("log: one event is one line, whatever is in it, by one rule in text and JSON", () => {
  for (const format of ["text", "json"] as const) {
    const { world, written } = capture(format);
    world.log.write({ level: "info", actor: "/a", message: `a${HIDDEN}ünï 👩‍👩‍👧`, fields: { client: HIDDEN } });
    world.flush();
    const [[, text = ""] = []] = written;
    assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text.trimEnd().replaceAll("\u200d", "")), null, text);
    assertEquals(text.split("\n").length, 2);
    const message = format === "json" ? JSON.parse(text).msg : text.trimEnd().replace("[INFO] ", "");
    assertEquals(
      message,
      "a␀␉␊␍␛␡<U+009B><U+00AD><U+061C><U+180E><U+200B><U+200E><U+2028><U+2029><U+202E><U+2060><U+2066><U+FEFF><U+E0041>ünï 👩‍👩‍👧",
    );
  }
});

Deno.test("log: JSON lines have time, level, actor, event and msg, which no field of the event's own can forge", () => {
  const { world, written } = capture("json");
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const error = new RangeError("too far", { cause: new TypeError("it was\u202e odd") });
  const fields = { event: "moved", level: "forged", big: 10n, error, n: 1 };
  world.log.write({ level: "warn", actor: "/a/b", message: "it\nhappened", fields });
  world.log.write({ level: "info", actor: "/a", message: "round", fields: { circular } });
  world.flush();
  const lines = written.map(([, text]) => text).join("").trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  for (const line of lines) assertEquals(new Date(line.time).toISOString(), line.time);
  const [first, second] = lines.map(({ time: _, ...line }) => line);
  assertEquals(Object.keys(first), ["level", "actor", "event", "msg", "big", "error", "n"]);
  assertEquals([first.level, first.event, first.msg, first.big], ["warn", "moved", "it␊happened", "10"]);
  assertEquals([first.error.name, first.error.message, first.error.cause.message], [
    "RangeError",
    "too far",
    "it was<U+202E> odd",
  ]);
  assertMatch(first.error.stack, /log_test\.ts:\d+/);
  assertEquals(second, { level: "info", actor: "/a", event: "message", msg: "round" });
});

Deno.test("log: a text line has its time when that is asked for, and the stack of its error at level debug", () => {
  const written: string[] = [];
  const log = { time: true, level: "debug", write: (lines: string) => void written.push(lines) } as const;
  const world = denoWorld({ log });
  const error = new Error("x\n[ERROR] forged\n    at nowhere", { cause: new TypeError("deep") });
  world.log.write({ level: "error", actor: "/a", message: "it broke", fields: { error } });
  world.flush();
  const [first = "", ...rest] = written.join("").trimEnd().split("\n");
  assertMatch(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[ERROR\] it broke$/);
  assertEquals(rest.filter((line) => !/^ {4}(at |Caused by: )/.test(line)), []);
  assertEquals(rest.some((line) => line.includes("log_test.ts")), true);
  assertEquals(rest.includes("    Caused by: TypeError: deep"), true);
});

Deno.test("log: a field that throws when it is looked at costs the fields, never the line", () => {
  const { world, written } = capture("json");
  const hostile = {
    get x(): string {
      throw new Error("not you");
    },
  };
  world.log.write({ level: "info", actor: "/a", message: "one", fields: { hostile } });
  world.flush();
  assertEquals(JSON.parse(written[0]?.[1] ?? "").msg, "one");
});

Deno.test("log: lines of one turn of the loop are written together, without anybody asking", async () => {
  const { world, written } = capture("text");
  for (let i = 0; i < 3; i++) world.log.write({ level: "info", actor: "/a", message: `${i}` });
  assertEquals(written, []);
  await until(() => written.length > 0, "the log to be written");
  assertEquals(written, [["stdout", "[INFO] 0\n[INFO] 1\n[INFO] 2\n"]]);
});

/** A log into a `write` of somebody else's, with what was said on stderr; `turn` is the loop's next turn. */
function strangeLog(write: (lines: string) => void) {
  const said: string[] = [];
  const decoder = new TextDecoder();
  const stream = (into: string[]) => ({
    writeSync(bytes: Uint8Array) {
      into.push(decoder.decode(bytes));
      return bytes.length;
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
  });
  let turn = () => {};
  const output = { stdout: stream([]), stderr: stream(said) };
  const log = new RealLog({ write }, output, () => 0, (task) => turn = task);
  return { log, said, turn: () => turn() };
}

for (
  const [what, write] of [
    ["throws", () => {
      throw new Error("full\u0007");
    }],
    ["rejects", () => Promise.reject(new Error("full\u0007"))],
    ["throws nothing that can be described", () => {
      throw Object.create(null);
    }],
    ["throws an error whose message throws", () => {
      throw new class extends Error {
        override get message(): string {
          throw new Error("no");
        }
      }();
    }],
  ] as const
) {
  Deno.test(`log: a write that ${what} costs its lines, is said once, and ends nothing`, async () => {
    const { log, said, turn } = strangeLog(write);
    for (let i = 0; i < 3; i++) {
      log.write({ level: "info", actor: "/a", message: "one" });
      turn();
      await log.flush();
    }
    log.write({ level: "error", actor: "/a", message: "x".repeat(100_000) });
    turn();
    assertEquals(said.length, 1);
    assertMatch(said[0] ?? "", /^Cannot write the log: (full␇|object|Error)\n$/);
  });
}
