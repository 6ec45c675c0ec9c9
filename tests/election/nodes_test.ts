import { assertEquals, assertThrows } from "@std/assert";
import { parseNodes } from "../../actors/election/mod.ts";

Deno.test("peer nodes: a list is read whatever its order, and comes back in the order of the IDs", () => {
  assertEquals(parseNodes("20=[::1]:8082, 3=localhost:8081,1=10.0.0.1:8080"), [
    { id: 1, address: { hostname: "10.0.0.1", port: 8080 } },
    { id: 3, address: { hostname: "localhost", port: 8081 } },
    { id: 20, address: { hostname: "::1", port: 8082 } },
  ]);
});

Deno.test("peer nodes: what makes no network is refused, with what is wrong", () => {
  const cases: [string, string][] = [
    ["", "is not of the form"],
    ["127.0.0.1:8080", "is not of the form"],
    ["0=127.0.0.1:8080", "with an ID from 1 on"],
    ["01x=127.0.0.1:8080", "is not of the form"],
    ["4294967296=127.0.0.1:8080", "with an ID from 1 on"],
    ["1=127.0.0.1", "want HOST:PORT"],
    ["1=127.0.0.1:70000", "the port from 0 to 65535"],
    ["1=127.0.0.1:0", "has port 0"],
    ["1=a:1,1=a:2", "two nodes have the ID 1"],
    ["1=a:1,2=a:1", "two nodes have the address of node 2"],
    [Array.from({ length: 101 }, (_, index) => `${index + 1}=a:${index + 1}`).join(), "more than 100 nodes"],
  ];
  for (const [text, message] of cases) assertThrows(() => parseNodes(text), SyntaxError, message, text);
});
