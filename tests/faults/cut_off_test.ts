/**
 * Clients whose host is cut off: no FIN and no RST ever comes. On hosts of their own (network namespaces).
 */
import { assert, assertEquals } from "@std/assert";
import {
  available,
  root,
  startProcess,
  startTask,
  tempDirectory,
  type TestProcess,
  until,
} from "../_helpers.ts";
import { canMakeHosts, Hosts } from "../_namespaces.ts";
import { count, sockets, taskOf } from "./_strangers.ts";

const [SERVER, CUT_OFF, OTHERS] = [1, 2, 3];
const PORTS = { line: 12000, web: 12001, irc: 12002 } as const;

const ignore = !await canMakeHosts() || !await available("python3", "--version");

/** Starts a server on the first host. */
async function serveOn(hosts: Hosts, service: string, cwd: string, flags: string[]): Promise<TestProcess> {
  const listen = ["--host", hosts.address(SERVER), "--port", `${PORTS.line}`, "--web-port", `${PORTS.web}`];
  const process = startTask(taskOf(service), [...listen, ...flags], { cwd, under: hosts.run(SERVER) });
  await process.line(`Web door listening on ${hosts.address(SERVER)}:${PORTS.web}`);
  return process;
}

/** Connects from one of the hosts. */
async function connect(
  hosts: Hosts,
  from: number,
  door: keyof typeof PORTS,
): Promise<TestProcess> {
  const [program = "", ...words] = hosts.run(from);
  const script = `${root}tests/faults/_cut_off_client.py`;
  const kind = door === "web" ? "web" : "line";
  const client = startProcess(program, [
    ...words,
    "python3",
    script,
    kind,
    hosts.address(SERVER),
    `${PORTS[door]}`,
  ]);
  await client.line(/^connected$/);
  return client;
}

Deno.test({
  name: "editor: clients whose host is cut off make room for those who come, and their descriptors come back",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  await using directory = await tempDirectory();
  const flags = ["--max-clients", "10", "--vanished-ms", "2000"];
  await using server = await serveOn(hosts, "editor", directory.path, flags);
  const before = await sockets(server.pid);
  await using all = new AsyncDisposableStack();
  for (let index = 0; index < 10; index++) all.use(await connect(hosts, CUT_OFF, "line"));
  await until(async () => await sockets(server.pid) === before + 10, "ten clients");
  await hosts.pull(CUT_OFF);
  const served = new Set<number>();
  for (let tries = 1; served.size < 10; tries++) {
    const client = all.use(await connect(hosts, OTHERS, "line"));
    await client.type(`hello from ${tries}`);
    await until(
      () => client.stdout.includes("Server is full") || server.stdout.includes(`: hello from ${tries}\n`),
      "an answer",
    );
    if (server.stdout.includes(`: hello from ${tries}\n`)) served.add(tries);
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
  // Those who vanished are told so in vain: what waits for them does not keep their descriptors.
  await until(async () => await sockets(server.pid) === before + 10, "the descriptors");
});

Deno.test({
  name: "chat: the names of members whose host is cut off, at each door, are given to those who ask for them",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  await using directory = await tempDirectory();
  await using server = await serveOn(hosts, "chat", directory.path, [
    ...["--irc-port", `${PORTS.irc}`, "--vanished-ms", "2000"],
  ]);
  await using bob = await connect(hosts, OTHERS, "line");
  await bob.type("bob");
  await using all = new AsyncDisposableStack();
  const NAMES = { line: "ann", web: "wil", irc: "ivy" } as const;
  const doors = ["line", "web", "irc"] as const;
  const name = async (client: TestProcess, door: keyof typeof NAMES) => {
    if (door === "line") await client.type(NAMES.line);
    else if (door === "web") await client.type(JSON.stringify({ type: "name", name: NAMES.web }));
    else {
      await client.type(`NICK ${NAMES.irc}`);
      await client.type("USER u 0 * :u");
      await client.type("JOIN #lobby");
    }
  };
  for (const door of doors) {
    const client = all.use(await connect(hosts, CUT_OFF, door));
    await name(client, door);
    if (door === "web") await client.type(JSON.stringify({ type: "join", room: "lobby" }));
    await bob.line(`${NAMES[door]} has joined the chat.`);
  }
  await hosts.pull(CUT_OFF);
  const talking = setInterval(() => void bob.type("/help").catch(() => {}), 500);
  try {
    for (const door of doors) {
      const left = `${NAMES[door]} has left the chat.`;
      const again = all.use(await connect(hosts, OTHERS, door));
      await until(async () => {
        await name(again, door);
        await new Promise((resolve) => setTimeout(resolve, 300));
        return bob.stdout.includes(left);
      }, left);
      await bob.line(left);
      assertEquals(count(bob.stdout, new RegExp(`^${left}$`, "gm")), 1);
    }
  } finally {
    clearInterval(talking);
  }
  assertEquals(server.stderr, "");
});
