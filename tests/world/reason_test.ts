import { assertEquals } from "@std/assert";
import { reasonText } from "../../actors/world/failure.ts";
import { WorldError } from "../../actors/world/world.ts";

Deno.test("reason: what a stranger is told of a failure names neither a path nor an address, however deep it lies", () => {
  const full = new WorldError("no-space", "Cannot write /srv/secret/temp.txt: no space left on the disk");
  const denied = new WorldError("permission-denied", 'Requires write access to "/srv/secret/temp.txt"');
  const wrapped = new Error("Cannot append to /srv/secret/temp.txt", { cause: full });
  assertEquals([full, denied, wrapped].map(reasonText), [
    "no space left on the disk",
    "permission was denied",
    "no space left on the disk",
  ]);
  for (
    const other of [
      new Error("/srv/secret"),
      "/srv/secret",
      undefined,
      new WorldError("other", "/srv/secret"),
    ]
  ) {
    assertEquals(reasonText(other), "the server is in trouble");
  }
});
