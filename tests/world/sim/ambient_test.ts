// Before the traps' module: what code has taken out of a global by then is out of its reach.
import { simulate, SimulationFailure } from "../../../actors/world/sim/mod.ts";
import fs from "node:fs";
import nodeCrypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";
import v8 from "node:v8";
import zlib from "node:zlib";
import nodeTimers from "node:timers";
import os from "node:os";
import process from "node:process";
import { promisify } from "node:util";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";

/** Taken when the module was loaded, as code does that wants to be quick. */
const captured = {
  now: Date.now,
  random: Math.random,
  monotonic: performance.now.bind(performance),
  timer: setTimeout,
  read: Deno.readTextFileSync,
  LocalDate: Date,
};

const date = new Date(0);

function builtin(name: string): object {
  const module = process.getBuiltinModule(`node:${name}`);
  assert(typeof module === "object");
  return module;
}

/** Ways out of a simulation. */
const WAYS: Readonly<Record<string, () => unknown>> = {
  "Date.now": () => Date.now(),
  "a captured Date.now": () => captured.now(),
  "new Date()": () => new Date(),
  "a captured Date": () => new captured.LocalDate(),
  "date.constructor": () => Reflect.construct(date.constructor, []),
  "Date()": () => Date(),
  "a local date": () => new Date(2024, 1, 1),
  "a local text": () => new Date("2024-01-01 10:00"),
  "Date.parse": () => Date.parse("March 7, 2024"),
  getHours: () => date.getHours(),
  getDate: () => date.getDate(),
  getTimezoneOffset: () => date.getTimezoneOffset(),
  setHours: () => new Date(0).setHours(1),
  "date.toString": () => String(date),
  toLocaleString: () => date.toLocaleString(),
  toLocaleTimeString: () => date.toLocaleTimeString("en"),
  "Temporal.Now.instant": () => Temporal.Now.instant(),
  "Temporal.Now.timeZoneId": () => Temporal.Now.timeZoneId(),
  "Temporal.Now.plainDateISO": () => Temporal.Now.plainDateISO(),
  "performance.now": () => performance.now(),
  "a captured performance.now": () => captured.monotonic(),
  "performance.mark": () => performance.mark("x"),
  "performance.timeOrigin": () => performance.timeOrigin,
  "the zone of Intl": () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  "the present of Intl": () => new Intl.DateTimeFormat("en", { timeZone: "UTC" }).format(),
  "formatToParts of the present": () => new Intl.DateTimeFormat("en", { timeZone: "UTC" }).formatToParts(),
  "the language of Intl": () => new Intl.NumberFormat().format(1000),
  "new Intl.Collator": () => new Intl.Collator(),
  localeCompare: () => "a".localeCompare("b"),
  "number.toLocaleString": () => (1000).toLocaleString(),
  "Math.random": () => Math.random(),
  "a captured Math.random": () => captured.random(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.subtle.digest": () => crypto.subtle.digest("SHA-1", new Uint8Array(1)),
  "crypto.subtle.generateKey": () =>
    crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]),
  setTimeout: () => clearTimeout(setTimeout(() => {}, 1)),
  "a captured setTimeout": () => clearTimeout(captured.timer(() => {}, 1)),
  setInterval: () => clearInterval(setInterval(() => {}, 1)),
  setImmediate: () => Reflect.apply(Reflect.get(globalThis, "setImmediate"), undefined, [() => {}]),
  "globalThis.setTimeout": () => Reflect.get(globalThis, "setTimeout")(() => {}, 1),
  "AbortSignal.timeout": () => AbortSignal.timeout(1),
  "Atomics.wait": () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
  "Atomics.waitAsync": () => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
  WeakRef: () => new WeakRef({}),
  FinalizationRegistry: () => new FinalizationRegistry(() => {}),
  fetch: () => fetch("http://127.0.0.1/"),
  WebSocket: () => new WebSocket("ws://127.0.0.1/"),
  EventSource: () => new EventSource("http://127.0.0.1/"),
  Worker: () => new Worker("data:text/javascript,", { type: "module" }),
  BroadcastChannel: () => new BroadcastChannel("x"),
  MessageChannel: () => new MessageChannel(),
  navigator: () => navigator.hardwareConcurrency,
  localStorage: () => localStorage.getItem("x"),
  caches: () => caches.open("x"),
  "Deno.readTextFile": () => Deno.readTextFile("/etc/hosts"),
  "a captured Deno.readTextFileSync": () => captured.read("/etc/hosts"),
  "Deno.statSync": () => Deno.statSync("/"),
  "Deno.listen": () => Deno.listen({ port: 0 }),
  "Deno.connect": () => Deno.connect({ port: 1 }),
  "Deno.env.get": () => Deno.env.get("HOME"),
  "Deno.Command": () => new Deno.Command("true"),
  "Deno.pid": () => Deno.pid,
  "Deno.args": () => Deno.args.length,
  "Deno.hostname": () => Deno.hostname(),
  "Deno.stdin": () => Deno.stdin.readSync(new Uint8Array(1)),
  "Deno.serve": () => Deno.serve(() => new Response()),
  "Deno.watchFs": () => Deno.watchFs("/"),
  "process.hrtime": () => process.hrtime(),
  "process.env": () => process.env.HOME,
  "process.uptime": () => process.uptime(),
  "node:fs": () => fs.readFileSync("/etc/hosts"),
  "node:os": () => os.hostname(),
  "node:timers": () => nodeTimers.setTimeout(() => {}, 1),
  "node:crypto randomBytes": () => nodeCrypto.randomBytes(1),
  "node:crypto randomUUID": () => nodeCrypto.randomUUID(),
  "node:crypto generateKeyPairSync": () => nodeCrypto.generateKeyPairSync("ed25519"),
  "node:crypto generatePrimeSync": () => nodeCrypto.generatePrimeSync(32),
  "node:crypto createECDH": () => nodeCrypto.createECDH("prime256v1").generateKeys(),
  "node:crypto pbkdf2": () => nodeCrypto.pbkdf2("a", "b", 1, 8, "sha1", () => {}),
  "new net.Socket": () => new net.Socket(),
  "new net.Server": () => new net.Server(),
  "new dgram.Socket": () => Reflect.construct(Reflect.get(dgram, "Socket"), ["udp4"]),
  "new dns.Resolver": () => new dns.Resolver(),
  "a database": () => Reflect.construct(Reflect.get(builtin("sqlite"), "DatabaseSync"), [":memory:"]),
  "an inspector": () => Reflect.construct(Reflect.get(builtin("inspector"), "Session"), []),
  "readline": () => Reflect.get(builtin("readline"), "createInterface")({ input: undefined }),
  "node:tty": () => Reflect.get(builtin("tty"), "isatty")(0),
  "node:v8": () => v8.getHeapStatistics(),
  "process.threadCpuUsage": () => Reflect.get(process, "threadCpuUsage")(),
  "Deno.memoryUsage": () => Deno.memoryUsage(),
  "URL.createObjectURL": () => URL.createObjectURL(new Blob([])),
  "new PerformanceMark": () => new PerformanceMark("x"),
  "the time of a File": () => new File([], "x"),
  "new Intl.ListFormat": () => new Intl.ListFormat(),
  "new Intl.Segmenter": () => new Intl.Segmenter(),
  "a bigint's toLocaleString": () => 1234567n.toLocaleString(),
  "an array's toLocaleString": () => [1234.5].toLocaleString(),
  "a Temporal date's toLocaleString": () => Temporal.PlainDate.from("2024-01-01").toLocaleString(),
  "a promise of setTimeout": () => promisify(setTimeout)(1),
  "the scheduler of node:timers/promises": () =>
    Reflect.get(Reflect.get(builtin("timers/promises"), "scheduler"), "wait")(1),
  WebTransport: () => Reflect.construct(Reflect.get(globalThis, "WebTransport"), ["https://127.0.0.1:1"]),
  "close()": () => Reflect.get(globalThis, "close")(),
  FileReader: () => new FileReader(),
  PerformanceObserver: () => new PerformanceObserver(() => {}),
  "a name in localStorage": () => "x" in localStorage,
  "a property of localStorage": () => Reflect.set(localStorage, "x", "1"),
  "the keys of localStorage": () => Object.keys(localStorage),
  "a deletion in localStorage": () => Reflect.deleteProperty(localStorage, "x"),
  "a definition in localStorage": () => Reflect.defineProperty(localStorage, "x", { value: "1" }),
  "what is known of a name in localStorage": () => Object.getOwnPropertyDescriptor(localStorage, "x"),
  "the keys of Deno.args": () => Object.keys(Deno.args),
  "WebAssembly.compile": () => WebAssembly.compile(new Uint8Array(8)),
  "WebAssembly.instantiate": () => WebAssembly.instantiate(new Uint8Array(8)),
  "the text of a Blob": () => new Blob(["x"]).text(),
  "the stream of a File": () => new File(["x"], "x", { lastModified: 1 }).stream(),
  "node:vm": () => Reflect.get(builtin("vm"), "runInNewContext")("Date.now()"),
  "process.execArgv": () => process.execArgv.length,
  "process.umask": () => process.umask(),
  "process.loadEnvFile": () => Reflect.get(process, "loadEnvFile")("/etc/hosts"),
  "process.getuid": () => process.getuid?.(),
  "no languages": () => new Intl.NumberFormat([]),
  "localeCompare in no language": () => "a".localeCompare("b", []),
  "the constructor of a format": () => Reflect.construct(new Intl.NumberFormat("en").constructor, []),
  "a local text that is an object": () => Reflect.construct(Date, [Object("2024-01-01T10:00")]),
  "a local text with a zone in brackets": () => new Date("1 Jan 2024 (GMT)"),
  "the time of a File of node:buffer": () =>
    Reflect.construct(Reflect.get(builtin("buffer"), "File"), [[], "x"]),
};

for (const [what, touch] of Object.entries(WAYS)) {
  Deno.test(`simulate: a run that touches ${what} fails, also when the error is swallowed`, async () => {
    const error = await assertRejects(() =>
      simulate("something", { seeds: [7] }, async (sim) => {
        await sim.advance(1);
        try {
          touch();
        } catch {
          // Swallowed on purpose.
        }
      })
    );
    assertInstanceOf(error, SimulationFailure);
    assertStringIncludes(error.message, "in a simulation: its World has what the seed determines");
  });
}

Deno.test("simulate: there are more ways to touch what is ambient than 63, and each is tried", () => {
  assert(Object.keys(WAYS).length >= 63, `${Object.keys(WAYS).length}`);
});

Deno.test("simulate: what only computes is not ambient", async () => {
  await simulate("something", { seeds: 1 }, async (sim) => {
    await sim.advance(1);
    assertEquals(new Date(1000).toISOString(), "1970-01-01T00:00:01.000Z");
    assertEquals(Date.UTC(2024, 0, 1), new Date("2024-01-01").getTime());
    assertEquals(Date.parse("2024-01-01T00:00:00Z"), Date.parse("2024-01-01T01:00:00+01:00"));
    assertEquals(new Date(0).getUTCHours(), 0);
    assertInstanceOf(new Date(0), Date);
    assertEquals(new Date(new Date(5)).getTime(), 5);
    assertEquals(new Date("Thu, 01 Jan 1970 00:00:01 GMT (of Greenwich)").getTime(), 1000);
    assertEquals("a".localeCompare("b", "en"), -1);
    const format = new Intl.DateTimeFormat("en", { timeZone: "UTC", year: "numeric" });
    assertEquals(format.format(0), "1970");
    assertEquals(nodeCrypto.createHash("sha1").update("").digest("hex").slice(0, 6), "da39a3");
    assertEquals(zlib.gunzipSync(zlib.gzipSync("x")).toString(), "x");
    assertEquals(nodeCrypto.pbkdf2Sync("a", "b", 1, 1, "sha1").length, 1);
    assertEquals(new Intl.Segmenter("en").resolvedOptions().locale, "en");
    assertEquals(new File([], "x", { lastModified: 1 }).lastModified, 1);
    assertEquals(structuredClone({ a: 1 }), { a: 1 });
    assertEquals(Temporal.PlainDate.from("2024-01-01").year, 2024);
    await new Promise<void>((resolve) => queueMicrotask(resolve));
  });
});
