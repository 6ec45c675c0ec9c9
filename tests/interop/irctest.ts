/**
 * Runs the public suite irctest against the chat's IRC door, with a fresh server for each test, and prints
 * what passed by module:
 *
 *     deno run -A tests/interop/irctest.ts DIR_OF_IRCTEST [-k SELECTOR]
 *
 * The suite is not part of this repository, and neither is pytest (8 or later). Where one of them is missing
 * this says so and ends with 0: there is nothing to judge.
 *
 * @module
 */

const MARKERS = "not implementation-specific and not strict and not deprecated and not services";
const OUTCOME = /^(\S+?)::\S+ (PASSED|FAILED|ERROR|SKIPPED)/;

const [suite, ...selection] = Deno.args;
const problem = await missing(suite);
if (suite === undefined || problem !== undefined) {
  console.log(`SKIPPED irctest: ${problem ?? "no directory was named"}`);
  Deno.exit(0);
}
const data = await Deno.makeTempDir({ prefix: "troupe-irctest-" });
try {
  Deno.exit(await run(suite, data));
} finally {
  await Deno.remove(data, { recursive: true });
}

async function missing(directory: string | undefined): Promise<string | undefined> {
  if (directory === undefined) return "name the directory of its sources";
  const isThere = await Deno.stat(`${directory}/irctest/runner.py`).then(() => true, () => false);
  if (!isThere) return `${directory} does not hold its sources`;
  const pytest = await new Deno.Command("python3", { args: ["-m", "pytest", "--version"], stderr: "piped" })
    .output().catch(() => undefined);
  return pytest?.success ? undefined : "python3 has no pytest";
}

async function run(directory: string, dataDir: string): Promise<number> {
  const server = [
    ...[Deno.execPath(), "run", "-q", "--no-check", "--allow-all", fromFileUrl("../../tasks/chat_server.ts")],
    ...["--data-dir", dataDir, "--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--rate", "0"],
    ...["--log-level", "error", "--irc-name", "My.Little.Server", "--irc-port", "{port}"],
  ];
  const python = [fromFileUrl("."), Deno.env.get("PYTHONPATH") ?? ""].filter((part) => part !== "").join(":");
  const child = new Deno.Command("python3", {
    args: [
      ...["-m", "pytest", "-p", "_fresh_server", "-v", "--tb=no", "-m", MARKERS],
      ...["--controller", "irctest.controllers.external_server", "irctest/server_tests", ...selection],
    ],
    cwd: directory,
    env: { FRESH_SERVER: server.join(" "), PYTHONPATH: python },
    stdout: "piped",
  }).spawn();
  const counts = new Map<string, Record<string, number>>();
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) note(line, counts);
  }
  console.log("module".padEnd(28), "passed", "failed", "skipped");
  for (const [module, count] of [...counts].sort()) {
    const cells = [count.PASSED, (count.FAILED ?? 0) + (count.ERROR ?? 0), count.SKIPPED];
    console.log(module.padEnd(28), ...cells.map((cell) => String(cell ?? 0).padStart(6)));
  }
  return (await child.status).success ? 0 : 1;
}

function note(line: string, counts: Map<string, Record<string, number>>): void {
  const [, file, outcome] = OUTCOME.exec(line) ?? [];
  if (file === undefined || outcome === undefined) return;
  const module = file.replace(/^.*server_tests\/|\.py$/g, "");
  const count = counts.get(module) ?? {};
  count[outcome] = (count[outcome] ?? 0) + 1;
  counts.set(module, count);
  if (outcome !== "PASSED" && outcome !== "SKIPPED") console.log(line);
}

function fromFileUrl(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}
