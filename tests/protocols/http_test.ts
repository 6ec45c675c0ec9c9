import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeRequest, encodeResponseHead, HttpError } from "../../protocols/http.ts";
import { type HttpInput, httpReply, httpRequests } from "../../protocols/http_decoder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array) => new TextDecoder().decode(of);

function decode(sent: string, pieceBytes = Infinity, maxBodyBytes = 1000): HttpInput[] {
  const inputs: HttpInput[] = [];
  const decoder = httpRequests({ maxBodyBytes: () => maxBodyBytes });
  const all = bytes(sent);
  for (let at = 0; at < all.length; at += pieceBytes) decoder.push(all.subarray(at, at + pieceBytes), inputs);
  decoder.end(inputs);
  return inputs;
}

/** What of an input a test compares. */
function brief(input: HttpInput): string {
  if (input.type === "bad-request") return `${input.status}`;
  if (input.type === "expects-continue") return "continue";
  const { method, path, query, body, keepAlive, headers } = input.request;
  return `${method} ${path}?${query} ${text(body)} ${keepAlive} ${headers.get("x") ?? ""}`;
}

const GOOD = "GET /a?b=c&d HTTP/1.1\r\nHost: h\r\nX:  one \r\nx: two\r\n\r\n" +
  "POST /b HTTP/1.1\r\nhost: h\r\nContent-Length: 5\r\n\r\nhello" +
  "PUT /c HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nt: v\r\n\r\n" +
  "\r\nGET http://h:1/d HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\n\n";

Deno.test("http: requests are the same however the bytes were cut", () => {
  const want = [
    "GET /a?b=c&d  true one, two",
    "POST /b? hello true ",
    "PUT /c? abc0123456789 true ",
    "GET /d?  true ",
    "GET /?  false ",
  ];
  for (const size of [Infinity, 1, 2, 3, 7, 64]) assertEquals(decode(GOOD, size).map(brief), want);
});

Deno.test("http: a good request cut off anywhere is refused or not there, never another request", () => {
  for (let end = 1; end < GOOD.length; end++) {
    const inputs = decode(GOOD.slice(0, end)).map(brief);
    const whole = decode(GOOD).map(brief);
    const requests = inputs.filter((input) => input !== "400");
    assertEquals(requests, whole.slice(0, requests.length), `cut at ${end}`);
  }
});

Deno.test("http: what is no request, or could be read in two ways, is refused with its status", () => {
  const refused: [status: string, request: string][] = [
    ["400", "hello\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\n\r\n"],
    ["505", "PRI * HTTP/2.0\r\n\r\n"],
    ["505", "GET / HTTP/3\r\nhost: h\r\n\r\n"],
    ["400", "G@T / HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET no-path HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET  / HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET http://user:password@h/ HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET http:///metrics HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET http://\x80/ HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET /\x01 HTTP/1.1\r\nhost: h\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nhost: i\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nbad name: x\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nname : x\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nx: 1\r\n folded\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nx: a\x00b\r\n\r\n"],
    ["400", "GET / HTTP/1.1\r\nhost: h\r\nx: a\rb\r\n\r\n"],
    ["400", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n"],
    ["400", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +1\r\n\r\n"],
    ["400", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["501", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip, chunked\r\n\r\n"],
    ["400", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["400", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
    ["400", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n"],
    ["413", "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n"],
    ["413", "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1001\r\n\r\n"],
    ["431", `GET / HTTP/1.1\r\nhost: h\r\n${"a: b\r\n".repeat(200)}\r\n`],
    ["431", `GET / HTTP/1.1\r\nhost: h\r\nx: ${"x".repeat(70_000)}\r\n\r\n`],
    ["431", `GET /${"x".repeat(70_000)}`],
  ];
  for (const [status, request] of refused) {
    assertEquals(decode(request, 4096).map(brief), [status], JSON.stringify(request.slice(0, 60)));
  }
});

Deno.test("http: the host of a whole address takes the place of the header field", () => {
  const hosts = (request: string) =>
    decode(request).map((input) => input.type === "request" ? input.request.headers.get("host") : input.type);
  assertEquals(hosts("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), ["evil.example"]);
  assertEquals(hosts("GET HTTPS://[::1]:8?x HTTP/1.1\r\nHost: localhost\r\n\r\n"), ["[::1]:8"]);
  assertEquals(hosts("GET http://h HTTP/1.0\r\n\r\n"), ["h"]);
  assertEquals(hosts("GET /http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), ["localhost"]);
});

Deno.test("http: who waits for 100 Continue is told, and who has sent the body already is not", () => {
  const head = "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
  const inputs: HttpInput[] = [];
  const decoder = httpRequests({ maxBodyBytes: () => 10 });
  decoder.push(bytes(head), inputs);
  decoder.push(bytes("ab"), inputs);
  decoder.push(bytes(`${head}cd`), inputs);
  assertEquals(inputs.map(brief), ["continue", "POST /? ab true ", "POST /? cd true "]);
});

Deno.test("http: nothing may follow an upgrade before it is answered", () => {
  const upgrade = "GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
  assertEquals(decode(upgrade).map(brief), ["GET /?  true "]);
  assertEquals(decode(`${upgrade}x`).map(brief), ["GET /?  true ", "400"]);
});

Deno.test("http: a reply is read to its length, in chunks, or to the end of the stream", () => {
  const replies: [string, string][] = [
    ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "hi"],
    ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", "hi"],
    ["HTTP/1.1 200 OK\r\n\r\nhi", "hi"],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", ""],
    ["HTTP/1.1 204 No Content\r\n\r\n", ""],
  ];
  for (const [sent, body] of replies) {
    for (const size of [1, 1000]) {
      const decoder = httpReply();
      const all = bytes(sent);
      for (let at = 0; at < all.length; at += size) decoder.push(all.subarray(at, at + size));
      decoder.end();
      assertEquals(text(decoder.reply?.body ?? bytes("none")), body);
    }
  }
  const cut = httpReply();
  cut.push(bytes("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi"));
  assertThrows(() => cut.end(), HttpError);
  const switched = httpReply();
  assertEquals(switched.push(bytes("HTTP/1.1 101 Switching Protocols\r\n\r\nrest")), 36);
});

Deno.test("http: what is sent is never two messages", () => {
  assertThrows(
    () => encodeResponseHead({ status: 200, headers: { location: "/\r\nset-cookie: a=b" } }),
    TypeError,
  );
  assertThrows(() => encodeRequest({ target: "/ HTTP/1.1\r\n", headers: { host: "h" } }), TypeError);
  const sent = text(
    encodeRequest({ method: "POST", target: "/x", headers: { host: "h" }, body: bytes("ab") }),
  );
  assertEquals(sent, "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nab");
  assert(encodeResponseHead({ status: 404, headers: {} }).startsWith("HTTP/1.1 404 Not Found\r\n"));
});
