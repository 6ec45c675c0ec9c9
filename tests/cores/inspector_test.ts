import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort, runTask, startTask, TestClient } from "../_helpers.ts";
import { TestPage } from "../inspect/_page.ts";

Deno.test("cores: the inspector shows the actors, the log and the entities of every thread", async () => {
  const inspect = freePort();
  await using server = startTask("chat:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--cores", "2"],
    ...["--inspect", `127.0.0.1:${inspect}`],
  ]);
  const port = await server.port(/started on port/);
  using clients = new DisposableStack();
  // Each core has some of so many with all but certainty.
  for (let n = 0; n < 30; n++) {
    const client = clients.use(await TestClient.connect(port));
    await client.send(`user${n}\n`);
    await client.send("/who\n");
    for (let line; (line = await client.line()) !== null && !line.startsWith("In lobby: "););
  }
  await using page = new TestPage(inspect);
  const { hosts } = await page.told("tick", ({ hosts }) => hosts.length === 3);
  assertEquals(hosts.map(({ name, root }) => [name, root]), [
    ["chat", "/chat"],
    ["core-1", "/chat"],
    ["core-2", "/chat"],
  ]);
  // In all threads together.
  await page.told("tick", ({ tick }) => tick.connections >= 30 && tick.actors > 30);
  let connections = 0;
  for (const host of ["core-1", "core-2"]) {
    page.send({
      ...{ type: "look", host, views: [{ path: "/chat/server/server", skip: 0, count: 100 }] },
      ...{
        actor: "/chat/server/server",
        busiest: { by: "messages", count: 50 },
        cluster: { skip: 0, count: 10 },
      },
    });
    const { seen } = await page.told(
      "seen",
      ({ seen }) => seen.host === host && seen.busiest !== undefined && seen.cluster?.hosts?.length === 2,
    );
    const [view] = seen.views;
    assertEquals([view?.actor?.name, seen.details?.row.state], ["server", "running"]);
    connections += view?.actor?.childCount ?? 0;
    assert(seen.busiest?.some(({ name }) => name.startsWith("/chat/server/")));
    assert(seen.cluster?.host?.startsWith(host));
    page.send({ type: "search", host, text: "CLUSTER" });
    const { rows } = await page.told("found", ({ rows }) => rows.length > 0);
    assert(rows.every(({ name }) => name.toLowerCase().includes("cluster")));
    const tree = await (await fetch(`http://127.0.0.1:${inspect}/tree?host=${host}`)).json();
    assertEquals(tree.path, "/chat");
  }
  assertEquals(connections, 30);
  const top = await runTask("top", [`127.0.0.1:${inspect}`, "--rows", "200"]);
  assertEquals([top.code, top.stderr], [0, ""]);
  for (const name of ["core-1", "core-2"]) {
    assertMatch(top.stdout, new RegExp(`^.* ${name}  /chat/server/`, "m"));
  }
  const isOnCore = ({ host }: { readonly host: string }) => host.startsWith("core-");
  assert(page.news("log").some(isOnCore), JSON.stringify(page.news("log")));
});
