import { assertEquals, assertMatch } from "@std/assert";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { count, type RunningServer, serve } from "./_strangers.ts";
import { canVanish, vanish, vanishing } from "./_vanishing.ts";

const ignore = !await canVanish();
if (ignore) console.log("vanished clients: skipped, TCP_REPAIR is not allowed here (Linux, CAP_NET_ADMIN)");

/** Whether a new client is served: what it says shows in the log, or is answered. */
async function isServed(server: RunningServer, client: TestClient, text: string): Promise<boolean> {
  await client.send(`${text}\n`);
  const heard: (string | null)[] = [];
  client.line().then((line) => heard.push(line), () => heard.push(null));
  await until(() => heard.length > 0 || server.process.stdout.includes(text), "an answer");
  const [first = null] = heard;
  return server.process.stdout.includes(text) || (first !== null && !first.startsWith("Server is full"));
}

for (
  const [service, line] of [
    ["editor", ""],
    ["echo", "hello %d"],
    ["calculator", "name %d"],
    ["knock", "Knock %d"],
    ["records", '{"client_ID":"%d","type":"read"}'],
  ] as const
) {
  Deno.test({
    name: `${service}: a server full of clients that vanished lets the next ones in`,
    ignore,
    fn: async () => {
      await using directory = await tempDirectory();
      await using server = await serve(service, directory, ["--max-clients", "4", "--vanished-ms", "3500"]);
      await using strangers = await vanishing(server.port, 4, line);
      await vanish(strangers);
      using early = await TestClient.connect(server.port);
      assertEquals(await early.line(), "Server is full. Please try again later.");
      const clients: TestClient[] = [];
      await until(async () => {
        const client = await TestClient.connect(server.port);
        clients.push(client);
        const served = await isServed(server, client, `client-${clients.length}`);
        if (!served) await new Promise((resolve) => setTimeout(resolve, 100));
        return served;
      }, "a place");
      for (const client of clients) client.close();
    },
  });
}

Deno.test({
  name:
    "chat: a name that a vanished client had is given to who asks for it again, and the others hear that it left",
  ignore,
  fn: async () => {
    await using directory = await tempDirectory();
    await using server = await serve("chat", directory, ["--vanished-ms", "3500"]);
    using bob = await TestClient.connect(server.port);
    await bob.send("bob\n");
    await using ann = await vanishing(server.port, 1, "ann%d");
    assertEquals(await bob.line(), "ann0 has joined the chat.");
    await vanish(ann);
    using early = await TestClient.connect(server.port);
    await early.send("ann0\n");
    assertMatch(await early.line() ?? "", /^Error: .*taken/);
    using again = await TestClient.connect(server.port);
    await until(async () => {
      await again.send("ann0\n");
      await new Promise((resolve) => setTimeout(resolve, 300));
      return count(server.process.stdout, /ann0 has logged in/g) === 2;
    }, "the name");
    assertEquals(await bob.line(), "ann0 has left the chat.");
    assertEquals(await bob.line(), "ann0 has joined the chat.");
  },
});

Deno.test("chat: a client that is silent but there is told why it makes room, and who talks keeps place and name", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("chat", directory, ["--vanished-ms", "2500", "--max-clients", "2"]);
  using silent = await TestClient.connect(server.port);
  await silent.send("silent\n");
  using talker = await TestClient.connect(server.port);
  await talker.send("talker\n");
  const talking = setInterval(() => void talker.send("/help\n").catch(() => {}), 100);
  try {
    await until(async () => {
      using next = await TestClient.connect(server.port);
      await next.send("talker\n");
      return /taken/.test(await next.line() ?? "");
    }, "a place");
    assertMatch(
      await silent.rest(),
      /Error: nothing was heard from you for over 2500 ms, and your place is needed\n$/,
    );
    await talker.send("/me is here\n/who\n");
    let line: string | null;
    do line = await talker.line(); while (line !== null && !/^In lobby:/.test(line));
    assertMatch(line ?? "", /talker/);
  } finally {
    clearInterval(talking);
  }
});

Deno.test("with --vanished-ms 0 nobody makes room, however silent", async () => {
  await using directory = await tempDirectory();
  await using server = await serve("editor", directory, ["--vanished-ms", "0", "--max-clients", "1"]);
  using first = await TestClient.connect(server.port);
  await server.process.line("New client connected");
  for (let round = 0; round < 3; round++) {
    using next = await TestClient.connect(server.port);
    assertEquals(await next.line(), "Server is full. Please try again later.");
  }
  await first.send("still here\n");
  await server.process.line("still here");
});
