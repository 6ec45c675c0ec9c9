/**
 * All services at once, with every door that a stranger can come to.
 *
 * @module
 */
import { startTask, type TempDirectory, TestClient, type TestProcess, until } from "../_helpers.ts";

/** A door on TCP, and what it takes. */
export interface Door {
  readonly name: string;
  readonly speaks: "anything" | "lines" | "json" | "irc" | "http" | "peers" | "swarm";
  /** Where the process that has it says its port. */
  readonly line: RegExp;
}

/** All of them, in the order in which tests go through them. */
export const DOORS: readonly Door[] = [
  { name: "echo", speaks: "anything", line: /echo.*Server is listening on \S*?:(\d+)/ },
  { name: "editor", speaks: "lines", line: /editor.*Server listening on port (\d+)/ },
  { name: "knock", speaks: "lines", line: /knock.*Server listening on \S*?:(\d+)/ },
  { name: "calculator", speaks: "lines", line: /calculator.*Server listening on \S*?:(\d+)/ },
  { name: "chat", speaks: "lines", line: /hat server started on port (\d+)/ },
  { name: "chat, IRC", speaks: "irc", line: /chat.*IRC server listening on \S*?:(\d+)/ },
  { name: "records", speaks: "json", line: /ready to receive on port (\d+)/ },
  { name: "editor, web", speaks: "http", line: /editor.*Web door listening on \S*?:(\d+)/ },
  { name: "chat, web", speaks: "http", line: /chat.*Web door listening on \S*?:(\d+)/ },
  { name: "inspector", speaks: "http", line: /Inspector listening on \S*?:(\d+)/ },
  { name: "peer", speaks: "peers", line: /Node 1 is listening on \S*?:(\d+)/ },
  { name: "sharing", speaks: "swarm", line: /peers at \S*?:(\d+), http:/ },
  { name: "tracker", speaks: "http", line: /peers at \S*?, http:\/\/\S*?:(\d+)\// },
];

/** Those of `start` without peers. */
export const START_DOORS: readonly Door[] = DOORS.filter(({ name }) =>
  !["peer", "sharing", "tracker"].includes(name)
);

/** The ports on UDP of a process that was started by {@linkcode serveEveryDoor}. */
export const DATAGRAMS = {
  clock: /clock.*Server listening on \S*?:(\d+).* \(UDP\)/,
  joke: /joke.*Server listening on \S*?:(\d+).* \(UDP\)/,
} as const;

/** Everything that runs: `start` without peers, and a node of its own. */
export interface EveryDoor extends AsyncDisposable {
  readonly start: TestProcess;
  readonly peer: TestProcess;
  port(line: RegExp): number;
  connect(door: Door): Promise<TestClient>;
  /** What both have said so far. */
  readonly said: string;
}

/** Any free port for each service of `start`. */
export const EVERY_PORT: readonly string[] = [
  "calculator",
  "chat",
  "clock",
  "echo",
  "editor",
  "joke",
  "knock",
  "records",
]
  .flatMap((name) => [`--${name}-port`, "0"]);
const ENV = { EDITOR_WEB_PORT: "0", CHAT_WEB_PORT: "0", CHAT_IRC_PORT: "0" };
const NODE = [
  ...["1", "--nodes", "1=127.0.0.1:18080", "--port", "0", "--swarm-port", "0", "--http-port", "0"],
  ...["--wait-ms", "0"],
];

/** Starts everything in a folder of its own, on one address and free ports, unless flags say otherwise. */
export async function serveEveryDoor(
  directory: TempDirectory,
  { flags = [], peerFlags = [], env = {} }: {
    readonly flags?: readonly string[];
    readonly peerFlags?: readonly string[];
    readonly env?: Record<string, string>;
  } = {},
): Promise<EveryDoor> {
  const options = { cwd: directory.path, env: { ...ENV, ...env } };
  const args = [
    "--without",
    "peer",
    "--inspect",
    "127.0.0.1:0",
    "--host",
    "127.0.0.1",
    ...EVERY_PORT,
    ...flags,
  ];
  const start = startTask("start", args, options);
  const peer = startTask("peer", [...NODE, ...peerFlags], options);
  const all: EveryDoor = {
    start,
    peer,
    get said() {
      return `${start.stdout}${start.stderr}${peer.stdout}${peer.stderr}`;
    },
    port: (line) => Number(line.exec(`${start.stdout}${peer.stdout}`)?.[1]),
    connect: (door) => TestClient.connect(all.port(door.line)),
    async [Symbol.asyncDispose]() {
      await start[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
  try {
    const lines = [...DOORS.map(({ line }) => line), ...Object.values(DATAGRAMS)];
    await until(() => lines.every((line) => all.port(line) > 0), "every door");
  } catch (error) {
    await all[Symbol.asyncDispose]();
    throw error;
  }
  return all;
}
