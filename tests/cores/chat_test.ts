import { assert, assertEquals } from "@std/assert";
import { startTask, TestClient } from "../_helpers.ts";
import { clientOn, startProgram } from "./_cores.ts";

/** Somebody in the lobby. */
class Member implements Disposable {
  readonly #client: TestClient;
  /** All lines so far. */
  readonly heard: string[] = [];

  private constructor(client: TestClient) {
    this.#client = client;
  }

  static async join(port: number, name: string): Promise<Member> {
    const member = new Member(await TestClient.connect(port));
    await member.say(name);
    await member.say("/who");
    await member.hears(/^In lobby: /);
    return member;
  }

  say(text: string): Promise<void> {
    return this.#client.send(`${text}\n`);
  }

  /** Waits for a line. False: the connection was lost before it came. */
  async hears(pattern: RegExp): Promise<boolean> {
    for (let line; (line = await this.#client.line().catch(() => null)) !== null;) {
      this.heard.push(line);
      if (pattern.test(line)) return true;
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

const MEMBERS = 30;

Deno.test("cores: a chat is one for clients of all cores, in one order, and SIGTERM ends it as one", async () => {
  await using server = startTask("chat:server", [
    ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--cores", "2", "--rate", "0"],
  ]);
  const port = await server.port(/started on port/);
  using members = new DisposableStack();
  const all: Member[] = [];
  for (let n = 0; n < MEMBERS; n++) all.push(members.use(await Member.join(port, `user${n}`)));
  await Promise.all(all.map((member, n) => member.say(`hello from ${n}`)));
  // A line of somebody comes behind all that was said before it, whoever hears it.
  await all[0]?.say("done");
  const said = await Promise.all(
    all.slice(1).map(async (member) => {
      assert(await member.hears(/^user0: done$/));
      return member.heard.filter((line) => line.includes("hello from"));
    }),
  );
  const [first = []] = said;
  for (const [index, lines] of said.entries()) {
    // Nobody hears what was his own.
    const others = first.filter((line) => !line.startsWith(`user${index + 1}:`));
    assertEquals(lines.filter((line) => !line.startsWith("user1:")), others);
  }
  server.kill("SIGTERM");
  for (const member of all) assertEquals(await member.hears(/never said/), false);
  const { code, stdout, stderr } = await server.ended();
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.filter((line) => line.startsWith("Connection lost with client")).length, MEMBERS);
  assertEquals(lines.filter((line) => line.startsWith("Chat server started")).length, 1);
  assertEquals(lines.at(-1), "Server shut down.");
});

Deno.test("cores: a chat goes on for those who are connected to other cores than the one that died", async () => {
  await using program = startProgram("_chat_program.ts");
  const port = await program.port(/Chat server started on port/);
  const door = await program.port(/Crashes on port/);
  using members = new DisposableStack();
  const all: Member[] = [];
  for (let n = 0; n < MEMBERS; n++) all.push(members.use(await Member.join(port, `user${n}`)));
  await all[0]?.say("before");
  for (const member of all.slice(1)) assert(await member.hears(/^user0: before$/));
  using crash = await clientOn("core-2", door);
  await crash.send("crash\n");
  await program.line("has died");
  // Who is still connected says so to the others, until each has heard each.
  const alive: Member[] = [];
  for (const member of all) {
    await member.say("/me waves").catch(() => {});
    await member.say("/who").catch(() => {});
    if (await member.hears(/^In lobby: /)) alive.push(member);
  }
  assert(alive.length > 1 && alive.length < MEMBERS, `${alive.length} are there`);
  const [one, two] = alive;
  assert(one !== undefined && two !== undefined);
  await one.say("after");
  assert(await two.hears(/: after$/));
  // History is what everybody read before.
  await two.say("/history 50");
  assert(await two.hears(/before/));
  program.kill("SIGTERM");
  assertEquals((await program.ended()).code, 0);
});
