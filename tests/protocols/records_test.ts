import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  datestampOf,
  formatDatestamp,
  formatRequest,
  formatResponse,
  isClientId,
  isSameSecret,
  parseDatestamp,
  parseRequest,
  parseResponse,
  type RecordsRequest,
  studentMistake,
  studentRecord,
  wallSeconds,
  withDatestamp,
} from "../../protocols/records.ts";

const LIMIT = 1000;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(of);

function refusal(value: unknown): string {
  const parsed = parseRequest(value, LIMIT);
  assert(!parsed.ok, JSON.stringify(value));
  return parsed.message;
}

Deno.test("records protocol: each kind of request is read back as it was written", () => {
  const requests: RecordsRequest[] = [
    { type: "read", clientId: "150210710" },
    { type: "write", clientId: "00000000000000000001", text: 'a "b" {c}\n\u0000\u{1f600}' },
    { type: "info", clientId: null },
    { type: "info", clientId: "7" },
    { type: "auth", clientId: null, token: "open sesame" },
  ];
  for (const request of requests) {
    assertEquals(parseRequest(JSON.parse(formatRequest(request)), LIMIT), { ok: true, request });
  }
});

Deno.test("records protocol: a client id is 1 to 20 digits as a string, and nothing else", () => {
  for (const id of ["0", "150210710", "9".repeat(20)]) assert(isClientId(id), id);
  const tricks: unknown[] = [
    "",
    "../x",
    "1/2",
    "1\\2",
    "__proto__",
    "constructor",
    "1\u0000",
    "\u0000",
    "1\n",
    " 1",
    "1.txt",
    "-1",
    "1e3",
    "\u0661\u0662",
    "\uff11",
    "9".repeat(21),
    "9".repeat(10_000),
    150210710,
    1,
    null,
    true,
    ["1"],
    { toString: "1" },
  ];
  for (const client_ID of tricks) {
    for (const type of ["read", "write"]) {
      assertEquals(
        parseRequest({ client_ID, type, data: "x" }, LIMIT),
        { ok: false, clientId: null, message: "client_ID must be 1 to 20 digits, as a string." },
      );
    }
  }
});

Deno.test("records protocol: a bad request is told what is wrong with it", () => {
  const cases: [unknown, string][] = [
    [[], "A request must be a JSON object."],
    [null, "A request must be a JSON object."],
    [{}, "type is missing."],
    [{ client_ID: "1" }, "type is missing."],
    [{ client_ID: "1", type: "delete" }, "type must be read, write, info or auth."],
    [{ client_ID: "1", type: 7 }, "type must be read, write, info or auth."],
    [{ client_ID: "1", type: "__proto__" }, "type must be read, write, info or auth."],
    [{ type: "read" }, "client_ID is missing."],
    [{ type: "write", data: "x" }, "client_ID is missing."],
    [{ client_ID: "1", type: "write" }, "data is missing."],
    [{ client_ID: "1", type: "write", data: null }, "data must be a string."],
    [{ client_ID: "1", type: "write", data: 5 }, "data must be a string."],
    [{ client_ID: "1", type: "write", data: {} }, "data must be a string."],
    [{ client_ID: "1", type: "read", data: 5 }, "data must be a string."],
    [{ client_ID: 1, type: "info" }, "client_ID must be a string."],
    [{ type: "info", data: [] }, "data must be a string."],
    [{ type: "auth" }, "data is missing."],
    [{ type: "auth", data: 1 }, "data must be a string."],
    [
      { client_ID: "1", type: "write", data: "\ud800" },
      "data must be well-formed text: it has half a surrogate pair.",
    ],
    [{ client_ID: "1", type: "write", data: "x".repeat(LIMIT + 1) }, "data is over the limit of 1000 bytes."],
    [{ client_ID: "1", type: "write", data: "\u4e2d".repeat(334) }, "data is over the limit of 1000 bytes."],
  ];
  for (const [value, message] of cases) assertEquals(refusal(value), message);
});

Deno.test("records protocol: data of exactly the limit is taken, counted in bytes of UTF-8", () => {
  for (const data of ["x".repeat(LIMIT), "\u4e2d".repeat(333), "\u{1f600}".repeat(250)]) {
    assert(parseRequest({ client_ID: "1", type: "write", data }, LIMIT).ok);
  }
});

Deno.test("records protocol: fields that only an ancestor has are no fields", () => {
  const request = Object.create({ client_ID: "1", type: "read" });
  assertEquals(refusal(request), "type is missing.");
});

Deno.test("records protocol: any value at all is read as a request or refused, never a failure", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    parseRequest(value, LIMIT);
    parseResponse(value);
  }));
});

Deno.test("records protocol: answers are one line of JSON, and read back as they were written", () => {
  const data = { connections: 3, max_connections: 10, records: 11 };
  const info = formatResponse({ type: "info", clientId: null, data });
  assertEquals(
    info,
    '{"client_ID":null,"type":"info","data":{"connections":3,"max_connections":10,"records":11}}\n',
  );
  assertEquals(parseResponse(JSON.parse(info)), { type: "info", clientId: null, data });
  for (const type of ["success", "error"] as const) {
    const response = { type, clientId: "1", data: "two\nlines" };
    const line = formatResponse(response);
    assertEquals(line.indexOf("\n"), line.length - 1);
    assertEquals(parseResponse(JSON.parse(line)), response);
  }
  for (const value of [null, 5, {}, { type: "success" }, { type: "info", data: { records: "many" } }]) {
    assertEquals(parseResponse(value), undefined);
  }
});

Deno.test("records protocol: secrets are the same when all of their bytes are", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (given, secret) => {
    assertEquals(isSameSecret(given, secret), given === secret);
    assert(isSameSecret(secret, secret));
  }));
  assert(!isSameSecret("", "secret"));
  assert(!isSameSecret("secretsecret", "secret"));
  assert(!isSameSecret("s", ""));
});

Deno.test("records protocol: datestamps name a second of the calendar and compare as it does", () => {
  const stamp = fc.integer({ min: 0, max: 4_000_000_000 });
  fc.assert(fc.property(stamp, stamp, (a, b) => {
    assertEquals(parseDatestamp(formatDatestamp(a)), a);
    assertEquals(formatDatestamp(a) < formatDatestamp(b), a < b);
  }));
  for (
    const none of [
      "",
      "2024-03-18",
      "2024-02-30 00:00:00",
      "2023-02-29 00:00:00",
      "2024-03-18 24:00:00",
      "2024-03-18 13:60:00",
      "2024-03-18T13:14:33",
      " 2024-03-18 13:14:33",
      "2024-03-18 13:14:33\n",
      "2024-13-01 00:00:00",
    ]
  ) {
    assertEquals(parseDatestamp(none), undefined, none);
  }
});

Deno.test("records protocol: a moment is told in local time", () => {
  const date = new Date(2024, 2, 18, 13, 14, 33, 999);
  assertEquals(
    formatDatestamp(wallSeconds(date.getTime(), {
      utcOffsetMinutes: (ms) => -new Date(ms).getTimezoneOffset(),
    })),
    "2024-03-18 13:14:33",
  );
});

Deno.test("records protocol: the first line's datestamp is read, and only it", () => {
  const at = parseDatestamp("2024-03-18 13:14:33");
  assertEquals(datestampOf(bytes("Last updated: 2024-03-18 13:14:33\nStudent ID: 1\n")), at);
  assertEquals(datestampOf(bytes("Last updated: 2024-03-18 13:14:33\r\nx")), at);
  assertEquals(datestampOf(bytes("Last updated: 2024-03-18 13:14:33")), at);
  for (
    const none of [
      "",
      "\n",
      "hello",
      "\nLast updated: 2024-03-18 13:14:33\n",
      "Last updated: 2024-03-18 13:14:33 or so\n",
      "Last updated: yesterday, at noon\n",
      "Last updated:  2024-03-18 13:14:3\n",
    ]
  ) {
    assertEquals(datestampOf(bytes(none)), undefined, none);
  }
});

Deno.test("records protocol: a new datestamp changes the first line, and no other byte", () => {
  const at = parseDatestamp("2024-03-18 13:14:33") ?? 0;
  const stamped = (of: string) => text(withDatestamp(bytes(of), at));
  assertEquals(
    stamped("Last updated: 2020-01-01 00:00:00\nStudent ID: 1\n"),
    "Last updated: 2024-03-18 13:14:33\nStudent ID: 1\n",
  );
  assertEquals(stamped("Last updated: long ago\r\nx\r\n"), "Last updated: 2024-03-18 13:14:33\r\nx\r\n");
  assertEquals(stamped("Last updated:"), "Last updated: 2024-03-18 13:14:33");
  assertEquals(stamped("hello"), "Last updated: 2024-03-18 13:14:33\nhello");
  assertEquals(stamped(""), "Last updated: 2024-03-18 13:14:33\n");
  fc.assert(fc.property(fc.uint8Array(), (record) => {
    const once = withDatestamp(record, at);
    assertEquals(datestampOf(once), at);
    assertEquals(withDatestamp(once, at), once);
  }));
  const long = new Uint8Array(5_000_000).fill(0x78);
  assertEquals(withDatestamp(long, at).length, long.length + 34);
  const notText = Uint8Array.of(0xff, 0x0a, 0xfe);
  assertEquals(withDatestamp(notText, at).subarray(-3), notText);
});

Deno.test("records protocol: a student's record has the promised lines", () => {
  const student = { id: "1", name: "Ada", dateOfBirth: "1815-12-10", city: "London", reason: "Enrolment" };
  assertEquals(
    studentRecord(student, parseDatestamp("2024-03-18 13:14:33") ?? 0),
    "Last updated: 2024-03-18 13:14:33\nStudent ID: 1\nName: Ada\nDate of Birth: 1815-12-10\nCity: London\nReason: Enrolment\n",
  );
});

Deno.test("records protocol: what a person types is checked, field by field", () => {
  const fine = [
    ["id", "150210710"],
    ["name", "Jos\u00e9 \u00c1lvarez-Nu\u00f1ez"],
    ["name", "\u5f20\u4f1f"],
    ["dateOfBirth", "1815-12-10"],
    ["dateOfBirth", "31/12/1999"],
    ["dateOfBirth", "12/31/1999"],
    ["dateOfBirth", "1.2.2000"],
    ["city", "\u0130stanbul"],
    ["reason", "Enrolment, 2nd term"],
  ] as const;
  for (const [field, typed] of fine) assertEquals(studentMistake(field, typed), undefined, typed);
  const wrong = [
    ["id", "12a", "digits"],
    ["id", "", "digits"],
    ["name", " ", "empty"],
    ["name", "1234", "letter"],
    ["name", "Ada\nCity: X", "one line"],
    ["name", "\x1b[2J", "one line"],
    ["dateOfBirth", "1815-02-30", "date"],
    ["dateOfBirth", "yesterday", "date"],
    ["dateOfBirth", "1/2-2000", "date"],
    ["city", "12", "letter"],
    ["reason", "x".repeat(501), "longer"],
  ] as const;
  for (const [field, typed, part] of wrong) {
    const mistake = studentMistake(field, typed);
    assert(mistake?.includes(part), `${typed}: ${mistake}`);
  }
});
