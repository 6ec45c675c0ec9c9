/**
 * One room of the chat with clients that are not ours: `nc`, an old Python client, `ii` and WeeChat, beside
 * our own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  available,
  freePort,
  makeCertificate,
  startProcess,
  startTask,
  tempDirectory,
  TestClient,
  type TestProcess,
  until,
} from "../_helpers.ts";

const MISSING = [];
for (const [program, flag] of [["nc", "-h"], ["python3", "-V"], ["ii", "-h"], ["weechat-headless", "-v"]]) {
  if (program !== undefined && !await available(program, flag ?? "")) MISSING.push(program);
}

/** An old client: it prints what comes as it comes, and sends what is typed. */
const OLD_CLIENT = `
import os, select, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    for ready in select.select([s, sys.stdin], [], [])[0]:
        data = s.recv(1024) if ready is s else os.read(0, 1024)
        if not data: sys.exit()
        os.write(1, data) if ready is s else s.sendall(data)
`;

const SPOKEN = /\b(netcat|python|ours|ivy|wee)\b\W*(?:said \d)/;

/** Who said what, in the order in which somebody read it. */
function heard(text: string, own = ""): string[] {
  return text.split("\n").flatMap((line) => {
    const [, who] = SPOKEN.exec(line) ?? [];
    const [what] = /said \d/.exec(line) ?? [];
    return who === undefined || what === undefined || who === own ? [] : [`${who} ${what}`];
  });
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

/** What a program that types in a pipe's file is made to say. */
async function write(path: string, line: string): Promise<void> {
  await Deno.writeTextFile(path, `${line}\n`, { append: true, create: false });
}

Deno.test({
  name: "chat: nc, an old Python client, ii, WeeChat and ours are one room, each told once and in one order" +
    (MISSING.length === 0 ? "" : ` (not here: ${MISSING.join(", ")})`),
  ignore: MISSING.length > 0,
  async fn() {
    await using directory = await tempDirectory();
    const ircPort = freePort();
    const ports = ["--port", "0", "--web-port", "off", "--irc-port", String(ircPort)];
    await using server = startTask("chat:server", ["--host", "127.0.0.1", "--rate", "0", ...ports]);
    const port = await server.port("Chat server started");
    await using ours = startTask("chat:client", [
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--rate",
      "0",
    ]);
    await ours.shows("Enter Your Name:");
    await ours.type("ours");
    await ours.shows(">>");
    await using netcat = startProcess("nc", ["127.0.0.1", String(port)]);
    await netcat.type("netcat");
    await ours.line("netcat has joined");
    await using python = startProcess("python3", ["-c", OLD_CLIENT, String(port)]);
    await python.type("python");
    await ours.line("python has joined");
    const ii = (name: string) => directory.file(`ii/127.0.0.1/${name}`);
    await using _ii = startProcess("ii", [
      ...["-s", "127.0.0.1", "-p", String(ircPort), "-n", "ivy", "-i", directory.file("ii")],
    ]);
    await until(async () => (await read(ii("out"))).includes("Welcome"), "ii is welcome");
    await write(ii("in"), "/j #lobby");
    await ours.line("ivy has joined");
    await using _weechat = startProcess("weechat-headless", [
      ...["--dir", directory.file("weechat"), "-r", "/set logger.file.flush_delay 0"],
      ...["-r", `/server add chat 127.0.0.1/${ircPort} -notls -nicks=wee`],
      // One setting: a semicolon alone would end the command here.
      ...["-r", "/set irc.server.chat.command /join #lobby\\;/msg #lobby said 0"],
      ...["-r", "/connect chat"],
    ]);
    const log = directory.file("weechat/logs/irc.chat.#lobby.weechatlog");
    for (const line of [ours, netcat, python]) await line.line("wee: said 0");

    // All at once.
    for (let index = 1; index <= 3; index++) {
      const line = `said ${index}`;
      const lines: readonly TestProcess[] = [ours, netcat, python];
      await Promise.all([...lines.map((client) => client.type(line)), write(ii("#lobby/in"), line)]);
    }
    const isAll = async (text: () => string | Promise<string>, count: number) =>
      await until(async () => heard(await text()).length >= count, "all that was said");
    await isAll(() => read(log), 12);
    for (const client of [ours, netcat, python]) await isAll(() => client.stdout, 10);
    await isAll(() => read(ii("#lobby/out")), 13);
    const order = ["wee said 0", ...heard(await read(log), "wee")];
    assertEquals(new Set(order).size, 13, "nothing twice");
    const without = (name: string) => order.filter((entry) => !entry.startsWith(name));
    for (const [name, { stdout }] of Object.entries({ ours, netcat, python })) {
      assertEquals(heard(stdout, name), without(name), name);
    }
    // ii writes down what it says itself when it says it.
    assertEquals(heard(await read(ii("#lobby/out")), "ivy"), without("ivy"));

    await netcat.type("/nick catnet");
    for (const client of [ours, python]) await client.line("netcat is now catnet.");
    await until(async () => (await read(log)).includes("netcat is now known as catnet"), "WeeChat is told");
    await ours.type("/join den");
    await ours.line("You are in den now.");
    await netcat.type("/join den");
    await ours.line("catnet has joined");
    await write(ii("in"), "/j #den");
    await ours.line("ivy has joined");
    await ours.type("/kick ivy enough");
    await netcat.line("ivy was put out by ours: enough");
    await until(async () => (await read(ii("#den/out"))).includes("enough"), "ii is told why it is out");
    await write(ii("in"), "/q bye");
    await python.line("ivy has left the chat.");
    await until(async () => /ivy .*has quit \(Quit: bye\)/.test(await read(log)), "WeeChat is told how");
    await netcat.type("/quit");
    await ours.line("catnet has left the chat.");
  },
});

Deno.test({
  name: "chat: the IRC door speaks TLS with openssl s_client, and a client without it is told of nothing",
  ignore: !await available("openssl", "version"),
  async fn() {
    await using directory = await tempDirectory();
    const { certFile, keyFile } = await makeCertificate(directory);
    const ircPort = freePort();
    await using server = startTask("chat:server", [
      ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--irc-port", String(ircPort)],
      ...["--tls-cert", certFile, "--tls-key", keyFile],
    ], { cwd: directory.path });
    await server.port("Chat server started");
    const trust = ["-verify_return_error", "-CAfile", certFile, "-verify_hostname", "localhost"];
    const args = ["s_client", "-quiet", ...trust, "-connect", `127.0.0.1:${ircPort}`];
    await using client = startProcess("openssl", args, { cwd: directory.path });
    await client.type("NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #lobby\r");
    await client.line(" 001 ann :Welcome");
    await client.line(" 366 ann #lobby ");
    using plain = await TestClient.connect(ircPort);
    await plain.send("NICK bob\r\nUSER bob 0 * :Bob\r\n");
    assertEquals((await plain.rest()).includes("001"), false);
    await client.type("WHOIS bob\r\nQUIT :bye\r");
    await client.line(" 401 ann bob ");
    await client.line("ERROR :Closing Link: ann (Quit: bye)");
  },
});
