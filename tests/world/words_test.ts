import { assert, assertEquals } from "@std/assert";
import {
  basename,
  dirname,
  errorText,
  formatAddress,
  isNotFound,
  WorldError,
} from "../../actors/world/world.ts";

Deno.test("errorText: whatever is thrown has a text, and asking for it never throws", () => {
  const nasty = {
    get message(): string {
      throw new Error("no");
    },
  };
  const silent = new Error("x");
  Object.defineProperty(silent, "message", {
    get() {
      throw new Error("no");
    },
  });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrown = [
    undefined,
    null,
    0,
    "",
    1n,
    Symbol("s"),
    () => {},
    {},
    Object.create(null),
    nasty,
    silent,
    proxy,
  ];
  for (const value of thrown) assertEquals(typeof errorText(value), "string");
  assertEquals(errorText(new TypeError("")), "TypeError");
  assertEquals(
    errorText(new WorldError("closed", "Cannot read: it was closed")),
    "Cannot read: it was closed",
  );
});

Deno.test("isNotFound: only the world's own failure of that kind", () => {
  assert(isNotFound(new WorldError("not-found", "Cannot open x: it was not found")));
  for (
    const other of [new WorldError("closed", "x"), new Error("not-found"), undefined, { kind: "not-found" }]
  ) {
    assert(!isNotFound(other));
  }
});

Deno.test("paths: directory and last name, with and without slashes at either end", () => {
  for (
    const [path, directory, name] of [
      ["/data/log", "/data", "log"],
      ["log", ".", "log"],
      ["/log", "/", "log"],
      ["a/b/", "a", "b"],
      ["/", "/", ""],
      ["//", "/", ""],
      ["", ".", ""],
      ["../x", "..", "x"],
    ] as const
  ) assertEquals([dirname(path), basename(path)], [directory, name], path);
});

Deno.test("addresses: IPv6 stands in brackets", () => {
  assertEquals(formatAddress({ hostname: "10.0.0.1", port: 80 }), "10.0.0.1:80");
  assertEquals(formatAddress({ hostname: "fd00::1", port: 80 }), "[fd00::1]:80");
});
