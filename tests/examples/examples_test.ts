/**
 * Every program of examples/ is run, as its head says, and says what it promises.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { answerTo } from "../../examples/chat_bot.ts";
import { deadline, freePort, startTask, tempDirectory, until } from "../_helpers.ts";
import { connectedText, runProgram, startExample, stopped } from "./_program.ts";

Deno.test("examples: each is listed, and no longer than a hundred lines", async () => {
  const readme = await Deno.readTextFile("examples/README.md");
  const names: string[] = [];
  for await (const { name } of Deno.readDir("examples")) if (name.endsWith(".ts")) names.push(name);
  assertEquals(names.length, 10);
  for (const name of names) {
    assert(readme.includes(`[${name}](${name})`), `examples/README.md does not list ${name}`);
    const lines = (await Deno.readTextFile(`examples/${name}`)).split("\n").length;
    assert(lines <= 101, `${name} has ${lines} lines`);
  }
});

Deno.test("examples: the worker pool gives the slow page to one, and the rest to the others", async () => {
  const counts = new Map<string, number>();
  const said = await runProgram("worker_pool.ts");
  for (const [, worker = "", count] of said.matchAll(/workers\/(\d) fetched (\d+)/g)) {
    counts.set(worker, Number(count));
  }
  assertEquals([...counts.values()].reduce((sum, count) => sum + count, 0), 40, said);
  assertMatch(said, /2 mirrors answered first/);
});

Deno.test("examples: the bank account does each order once, and keeps its balance when a host leaves", async () => {
  const said = await runProgram("bank_account.ts");
  assertEquals(said.trim().split("\n"), ["500 in", "500 in", "not enough", "200 out", "balance 300"]);
});

Deno.test("examples: the rate limiter gives a burst, and then no more than its rate", async () => {
  const said = await runProgram("rate_limiter.ts");
  assertEquals(said.trim().split("\n"), [
    "permits 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "five at once, the other ten 50 a second",
  ]);
});

Deno.test("examples: the circuit breaker opens after three failures, and closes when the service is back", async () => {
  const said = await runProgram("circuit_breaker.ts");
  assertMatch(
    said,
    /^call 1: failed\ncall 2: failed\ncall 3: failed\ncall 4: open\ncall 5: open\nlater: hello/,
  );
});

Deno.test("examples: the pipeline loses the one line that is poison, and nothing else", async () => {
  assertEquals(
    (await runProgram("supervised_pipeline.ts")).trim(),
    "999 lines, 1188.81 in all, 1 restart",
  );
});

Deno.test("examples: a word is counted on one core, whatever core its clients come in on", async () => {
  const rights = ["--unstable-net", "--allow-net=127.0.0.1", "--allow-read", "--allow-env"];
  await using program = startExample("all_cores.ts", ["0"], rights);
  const port = await program.port("Counting on port");
  const cores = new Set<string>();
  for (let count = 1; cores.size < Math.min(2, navigator.hardwareConcurrency) && count < 300; count++) {
    const said = await connectedText(port, "hello\n");
    assertMatch(said, new RegExp(`^core \\d+: hello was said ${count} times\n$`));
    cores.add(said.slice(0, said.indexOf(":")));
  }
  assertEquals(cores.size, Math.min(2, navigator.hardwareConcurrency));
  await stopped(program);
});

Deno.test("examples: the UDP service counts for each peer by itself", async () => {
  await using program = startExample("udp_service.ts", ["0"], ["--unstable-net", "--allow-net=127.0.0.1"]);
  const port = await program.port("Counting on");
  const peers = [0, 1].map(() => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
  const answers: string[] = [];
  for (const peer of [...peers, ...peers.slice(0, 1)]) {
    await peer.send(new TextEncoder().encode("x"), { transport: "udp", hostname: "127.0.0.1", port });
    const [answer] = await deadline(peer.receive(), undefined, "an answer");
    answers.push(new TextDecoder().decode(answer));
  }
  for (const peer of peers) peer.close();
  assertEquals(answers, ["1", "1", "2"]);
  await stopped(program);
});

Deno.test("examples: the proxy hands on what both sides say, and who does not read stops the sender, not the proxy", async () => {
  const echo = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const conn of echo) conn.readable.pipeTo(conn.writable).catch(() => {});
  })();
  const target = `127.0.0.1:${echo.addr.port}`;
  await using program = startExample("tcp_proxy.ts", [target, "0"], ["--allow-net=127.0.0.1"]);
  const port = await program.port("Proxy on");
  const text = "some bytes ".repeat(200_000);
  const said = await connectedText(port, text);
  assert(said === text, `${said.length} of ${text.length} characters came back`);
  echo.close();
  await serving.catch(() => {});
  await stopped(program);
});

Deno.test("examples: the chat bot answers what it is asked, and comes back when the server was away", async () => {
  assertMatch(answerTo("ann: !roll", 0.99, new Date(0)) ?? "", /^ann rolls 6$/);
  assertEquals(answerTo("ann: !time", 0, new Date(0)), "it is 00:00 UTC");
  assertEquals(answerTo("ann: hello", 0, new Date(0)), null);
  const port = freePort();
  await using directory = await tempDirectory();
  await using bot = startExample("chat_bot.ts", [String(port)], ["--allow-net=127.0.0.1"]);
  await bot.line("The server is away");
  for (const round of [1, 2]) {
    await using server = startTask("chat:server", ["--port", String(port)], { cwd: directory.path });
    await server.line("dice has logged in");
    const asks = () => connectedText(port, "ann\n!roll\n/history\n/who\n");
    await until(async () => /ann rolls [1-6]/.test(await asks()), `the bot's answer in round ${round}`);
  }
  await stopped(bot);
});
