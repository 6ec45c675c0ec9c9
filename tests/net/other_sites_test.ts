import { assertEquals } from "@std/assert";
import { httpServer, type Route, textResponse } from "../../actors/net/mod.ts";
import { deadline, TestClient } from "../_helpers.ts";
import { quietWorld, run } from "./_net.ts";

Deno.test("web door: what is a part of another site's page is refused before its token is looked at, a link is not", async () => {
  const routes: Route[] = [{
    method: "GET",
    path: "/private",
    handle: (request) => textResponse(request.query === "token=right" ? 200 : 401, ""),
  }];
  const listening = Promise.withResolvers<number>();
  await using _running = run(
    httpServer({
      ...{ routes, origins: ["https://friend.example"] },
      address: { hostname: "127.0.0.1", port: 0 },
      onListening: ({ port }) => listening.resolve(port),
    }),
    quietWorld(),
  );
  const port = await deadline(listening.promise);
  const status = async (token: string, fields: string) => {
    using client = await TestClient.connect(port);
    const target = `/private?token=${token}`;
    await client.send(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${fields}\r\n`);
    return (await client.line())?.split(" ")[1];
  };
  const from = (site: string, mode: string, dest: string) =>
    `sec-fetch-site: ${site}\r\nsec-fetch-mode: ${mode}\r\nsec-fetch-dest: ${dest}\r\n`;
  const parts = [
    from("cross-site", "no-cors", "image"),
    from("cross-site", "navigate", "iframe"),
    from("same-site", "no-cors", "image"),
    `${from("cross-site", "cors", "empty")}origin: http://evil.example\r\n`,
  ];
  for (let times = 0; times < 20; times++) {
    for (const part of parts) assertEquals(await status("wrong", part), "403", part);
  }
  // It has shut out nobody.
  assertEquals(await status("right", from("cross-site", "navigate", "document")), "200");
  assertEquals(await status("right", from("same-site", "navigate", "document")), "200");
  assertEquals(await status("right", from("same-origin", "cors", "empty")), "200");
  const friend = `${from("cross-site", "cors", "empty")}origin: https://friend.example\r\n`;
  assertEquals(await status("right", friend), "200");
});
