import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  choice,
  custom,
  defineTask,
  integer,
  listenFlags,
  named,
  number,
  path,
  port,
  tcpClientFlags,
  tcpServerFlags,
  text,
  toggle,
  UsageError,
} from "../../tasks/_cli.ts";
import { forEachLimit, LIMIT_RULES } from "../../actors/net/limits.ts";
import { environmentOf, helpText, parseCommandLine, type Source } from "../../tasks/_command_line.ts";

const task = defineTask({
  name: "sample",
  summary: "A sample",
  env: "SAMPLE",
  flags: {
    ...listenFlags({ port: 8080 }),
    ...tcpServerFlags({ maxClients: 10 }),
    file: path({ help: "A file", default: "temp.txt" }),
    token: text({ help: "A secret" }),
    ratio: number({ help: "A part", default: 0.5, max: 1 }),
    delta: integer({ help: "A change", default: 0, min: -5, max: 5 }),
    sync: choice(["always", "interval", "never"], { help: "When", default: "always" }),
    udp: toggle({ help: "Datagrams too" }),
    timer: named(integer({ help: "Seconds", default: 60 }), "UPDATE_TRESH", "UPDATE_THRESHOLD"),
    hidden: port({ help: "No environment", default: 1, env: [] }),
    nodes: custom({
      help: "The nodes",
      value: "ID,…",
      takes: "a list of numbers",
      default: [1, 2, 3],
      shown: "1,2,3",
      parse(value) {
        const numbers = value.split(",").map(Number);
        if (numbers.some(Number.isNaN)) {
          throw new UsageError(`${JSON.stringify(value)} is not a list of numbers`);
        }
        return numbers;
      },
    }),
  },
  positionals: { usage: "ID [NAME]", help: "Who, and what", min: 1, max: 2 },
  check: ({ delta }, [id]) => id === String(delta) ? "ID and --delta differ, always" : undefined,
  examples: ["1 --sync never"],
});

function source(suffix: string, values: Record<string, string>): Source {
  return { suffix, get: (name) => values[name] };
}

/** Options and arguments; `id` is given where the line has none of its own. */
function parse(
  line: readonly string[],
  environment: Record<string, string> = {},
  file: Record<string, string> = {},
) {
  const parsed = parseCommandLine(task, line, [source("", environment), source(" in .env", file)]);
  if (parsed.type !== "run") throw new Error(`Cannot use ${parsed.type}`);
  return parsed;
}

function usage(
  line: readonly string[],
  environment?: Record<string, string>,
  file?: Record<string, string>,
): string {
  return assertThrows(() => parse(line, environment, file), UsageError).message;
}

Deno.test("command line: without flags every option has its default", () => {
  const { options, args } = parse(["7"]);
  assertEquals(args, ["7"]);
  // The login's is a flag of those that ask for one.
  const { loginTimeoutMs: _, ...limits } = forEachLimit((name) => LIMIT_RULES[name].standard);
  assertEquals(options, {
    host: "0.0.0.0",
    port: 8080,
    drainMs: 5000,
    ...limits,
    maxClients: 10,
    maxFrameBytes: 65536,
    idleFlushMs: 50,
    tlsCert: undefined,
    tlsKey: undefined,
    file: "temp.txt",
    token: undefined,
    ratio: 0.5,
    delta: 0,
    sync: "always",
    udp: false,
    timer: 60,
    hidden: 1,
    nodes: [1, 2, 3],
    logLevel: "info",
    logFormat: "text",
    logTime: false,
    config: undefined,
    verbose: false,
  });
});

Deno.test("command line: each flag is read as its kind, after a space or an equals sign, anywhere among arguments", () => {
  const { options, args } = parse([
    ...["--port", "0", "7", "--file=-odd name", "--ratio", ".25", "--delta", "-5", "--sync=never"],
    ...["--udp", "name", "--nodes", "4,5", "--max-clients", "1", "--verbose", "--token=a=b"],
  ]);
  const { port, file, ratio, delta, sync, udp, nodes, maxClients, verbose, token } = options;
  assertEquals(
    { port, file, ratio, delta, sync, udp, nodes, maxClients, verbose, token },
    {
      port: 0,
      file: "-odd name",
      ratio: 0.25,
      delta: -5,
      sync: "never",
      udp: true,
      nodes: [4, 5],
      maxClients: 1,
      verbose: true,
      token: "a=b",
    },
  );
  assertEquals(args, ["7", "name"]);
});

Deno.test("command line: what looks like a number stays the text it was", () => {
  assertEquals(parse(["007", "1e3"]).args, ["007", "1e3"]);
  assertEquals(parse(["7", "--token", "0012"]).options.token, "0012");
});

Deno.test("command line: after -- nothing is a flag", () => {
  assertEquals(parse(["7", "--", "--port"]).args, ["7", "--port"]);
});

Deno.test("command line: of a flag given twice the last one counts", () => {
  assertEquals(parse(["7", "--port", "1", "--port", "2"]).options.port, 2);
});

Deno.test("command line: a toggle can be told its value", () => {
  assertEquals(parse(["7", "--udp=true"]).options.udp, true);
  assertEquals(parse(["7", "--udp", "--udp=false"]).options.udp, false);
  assertEquals(parse(["7", "--udp=false"], { SAMPLE_UDP: "yes" }).options.udp, false);
});

Deno.test("command line: a flag beats the environment, which beats .env, which beats the default", () => {
  const environment = { SAMPLE_PORT: "2", SAMPLE_MAX_CLIENTS: "22" };
  const file = { SAMPLE_PORT: "3", SAMPLE_MAX_CLIENTS: "33", SAMPLE_FILE: "c.txt" };
  const { options } = parse(["7", "--port", "1"], environment, file);
  assertEquals([options.port, options.maxClients, options.file, options.sync], [1, 22, "c.txt", "always"]);
});

Deno.test("command line: of two environment names the first counts, in each source", () => {
  assertEquals(parse(["7"], { UPDATE_THRESHOLD: "2" }).options.timer, 2);
  assertEquals(parse(["7"], { UPDATE_THRESHOLD: "2", UPDATE_TRESH: "1" }).options.timer, 1);
  assertEquals(parse(["7"], { UPDATE_THRESHOLD: "2" }, { UPDATE_TRESH: "1" }).options.timer, 2);
  assertEquals(parse(["7"], { SAMPLE_TIMER: "5", SAMPLE_HIDDEN: "5" }).options.timer, 60);
});

Deno.test("command line: an empty value of an optional name is none, of any other a mistake", () => {
  assertEquals(parse(["7"], {}, { SAMPLE_TOKEN: "" }).options.token, undefined);
  assertEquals(
    usage(["7"], {}, { SAMPLE_PORT: "" }),
    "SAMPLE_PORT in .env needs a value: a port (0 to 65535)",
  );
});

Deno.test("command line: each mistake has its own message", () => {
  const messages: Record<string, readonly string[]> = {
    "Unknown flag --prot. Did you mean --port?": ["7", "--prot", "1"],
    "Unknown flag --max-client. Did you mean --max-clients?": ["7", "--max-client=1"],
    "Unknown flag --zebra": ["7", "--zebra"],
    "Unknown flag --no-udp": ["7", "--no-udp"],
    "Unknown flag -z": ["7", "-z"],
    "Unknown flag --__proto__": ["7", "--__proto__", "1"],
    "--port needs a value: a port (0 to 65535)": ["7", "--port"],
    "--file needs a value: a path": ["7", "--file", "--udp"],
    "--sync needs a value: one of always, interval, never": ["7", "--sync="],
    '--port: "abc" is not a port (0 to 65535)': ["7", "--port", "abc"],
    '--port: "65536" is not a port (0 to 65535)': ["7", "--port", "65536"],
    '--port: "-1" is not a port (0 to 65535)': ["7", "--port", "-1"],
    '--port: "80.5" is not a port (0 to 65535)': ["7", "--port", "80.5"],
    '--max-clients: "many" is not a whole number (1 or more)': ["7", "--max-clients", "many"],
    '--max-clients: "1e3" is not a whole number (1 or more)': ["7", "--max-clients", "1e3"],
    '--max-clients: "99999999999999999999" is not a whole number (1 or more)': [
      "7",
      "--max-clients",
      "99999999999999999999",
    ],
    "--max-clients: 0 is out of range: it takes 1 or more": ["7", "--max-clients", "0"],
    "--delta: -6 is out of range: it takes -5 to 5": ["7", "--delta", "-6"],
    '--ratio: "half" is not a number (0 to 1)': ["7", "--ratio", "half"],
    "--ratio: 1.5 is out of range: it takes 0 to 1": ["7", "--ratio", "1.5"],
    '--sync: "sometimes" is not one of always, interval, never': ["7", "--sync", "sometimes"],
    '--udp: "maybe" is not true or false': ["7", "--udp=maybe"],
    '--file: "a\\u0000b" is not a path': ["7", "--file", "a\0b"],
    '--nodes: "1,x" is not a list of numbers': ["7", "--nodes", "1,x"],
    'Unexpected argument "c"': ["a", "b", "c"],
    "Missing argument: ID [NAME]": ["--udp"],
    "ID and --delta differ, always": ["3", "--delta", "3"],
  };
  const told = Object.values(messages).map((line) => usage(line));
  assertEquals(told, Object.keys(messages));
});

Deno.test("command line: a mistake in the environment names its key and where it stands", () => {
  assertEquals(usage(["7"], { SAMPLE_PORT: "x" }), 'SAMPLE_PORT: "x" is not a port (0 to 65535)');
  assertEquals(
    usage(["7"], {}, { SAMPLE_SYNC: "x" }),
    'SAMPLE_SYNC in .env: "x" is not one of always, interval, never',
  );
  assertEquals(
    usage(["7"], {}, { LOG_LEVEL: "loud" }),
    'LOG_LEVEL in .env: "loud" is not one of debug, info, warn, error',
  );
});

Deno.test("command line: help and version win over mistakes in values", () => {
  const line = (args: string[]) => parseCommandLine(task, args, []).type;
  assertEquals(["--help", "-h", "--version"].map((flag) => line([flag, "--port", "x"])), [
    "help",
    "help",
    "version",
  ]);
});

Deno.test("command line: the help has each flag with its default and environment name, positionals and examples", () => {
  const help = helpText(task);
  for (const name of environmentOf(task)) assertStringIncludes(help, name);
  assertStringIncludes(help, "Usage: deno task sample ID [NAME] [flags]");
  assertStringIncludes(help, "deno task sample 1 --sync never");
  assertMatch(help, /--port PORT +Port to listen on; 0 takes any free one \(default 8080\) \[SAMPLE_PORT\]/);
  assertMatch(help, /--token TEXT +A secret \[SAMPLE_TOKEN\]/);
  assertMatch(help, /--udp +Datagrams too \[SAMPLE_UDP\]/);
  assertMatch(help, /--nodes ID,… +The nodes \(default 1,2,3\) \[SAMPLE_NODES\]/);
  assertMatch(help, /--hidden PORT +No environment \(default 1\)\n/);
  assertMatch(help, /--sync always\|interval\|never +When \(default always\)/);
});

Deno.test("command line: a client without a default host asks for one", () => {
  const common = { name: "c", summary: "A client", env: "C" };
  const asks = defineTask({ ...common, flags: tcpClientFlags({ port: 1 }) });
  const knows = defineTask({ ...common, flags: tcpClientFlags({ port: 1, host: "localhost" }) });
  const hostOf = (line: ReturnType<typeof parseCommandLine<typeof asks.flags>>) =>
    line.type === "run" ? line.options.host : null;
  assertEquals(hostOf(parseCommandLine(asks, [], [])), undefined);
  assertEquals(hostOf(parseCommandLine(asks, ["--host", "::1"], [])), "::1");
  assertEquals(hostOf(parseCommandLine(knows, [], [])), "localhost");
});
