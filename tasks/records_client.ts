/**
 * The records store's client: a menu, or one request as flags say.
 *
 * @module
 */
import { removeTemporariesOf, writeAtomic } from "../actors/store/mod.ts";
import { type World, WorldError } from "../actors/world/world.ts";
import {
  type RecordsRequest,
  type Student,
  studentMistake,
  studentRecord,
  wallSeconds,
} from "../protocols/records.ts";
import { visibleLines } from "../protocols/visible_text.ts";
import {
  clientTls,
  defineTask,
  Failure,
  guarding,
  named,
  path,
  runClient,
  type TaskOptions,
  tcpClientFlags,
  text,
} from "./_cli.ts";
import { backoffOf, reconnectFlags } from "./_line_client.ts";
import { RecordsClient } from "./_records_client.ts";
import { say } from "./_stdio.ts";
import { openTerminal } from "./_open_terminal.ts";
import type { Terminal } from "./_terminal.ts";

const { host, port, tls, ca } = tcpClientFlags({ port: 12_000, host: "localhost" });

/** In the order in which they are asked. */
const QUESTIONS = [
  ["id", "Student ID"],
  ["name", "Name"],
  ["dateOfBirth", "Date of Birth"],
  ["city", "City"],
  ["reason", "Reason"],
] as const;

/** The command line. */
export const task = defineTask({
  name: "records:client",
  summary: "Student records store: the client",
  env: "RECORDS",
  // It saves records.
  rights: { read: ["."], write: ["."] },
  positionals: {
    usage: "[read ID | write | info]",
    help: "What to ask the server for; without it, a menu asks.",
    max: 2,
    words: ["read", "write", "info"],
  },
  examples: [
    "",
    "read 150210710 --out records",
    'write --id 150210710 --name "Ada Lovelace" --dob 1815-12-10 --city London --reason Enrolment',
    "info",
  ],
  flags: {
    host: text({ help: "Server's name or address; without it, the menu asks", value: "HOST", env: [] }),
    port: { ...port, help: "Server's port; without it, the menu asks", default: undefined, env: [] },
    serverHost: named({ ...host, help: "Where --host is not given: what the menu offers" }, "SERVER_HOST"),
    serverPort: named({ ...port, help: "Where --port is not given: what the menu offers" }, "SERVER_PORT"),
    tls,
    ca,
    ...reconnectFlags(),
    token: guarding(named(text({ help: "What the server wants to be shown" }), "AUTH_TOKEN")),
    out: path({ help: "Folder into which a record is saved", default: ".", value: "FOLDER" }),
    id: text({ help: "Student ID", value: "ID", env: [] }),
    name: text({ help: "Name", env: [] }),
    dob: text({ help: "Date of birth", value: "DATE", env: [] }),
    city: text({ help: "City", env: [] }),
    reason: text({ help: "Reason", env: [] }),
  },
  check(options, args) {
    const [command, id] = args;
    if (command === undefined) return undefined;
    if (command !== "read" && command !== "write" && command !== "info") {
      return `Unknown command ${JSON.stringify(command)}: it takes read, write or info`;
    }
    if (command === "read") return mistakeOf("ID", "id", id, command);
    if (id !== undefined) return `Unexpected argument ${JSON.stringify(id)}`;
    if (command === "info") return undefined;
    const { id: student, name, dob, city, reason } = options;
    return mistakeOf("--id", "id", student) ?? mistakeOf("--name", "name", name) ??
      mistakeOf("--dob", "dateOfBirth", dob) ?? mistakeOf("--city", "city", city) ??
      mistakeOf("--reason", "reason", reason);
  },
});

type Options = TaskOptions<typeof task.flags>;

function mistakeOf(
  flag: string,
  field: keyof Student,
  given: string | undefined,
  command = "write",
): string | undefined {
  if (given === undefined) return `${command} needs ${flag}`;
  const mistake = studentMistake(field, given);
  return mistake && `${flag}: ${mistake}`;
}

/** One request of the command line. */
async function runOnce(
  client: RecordsClient,
  options: Options,
  args: readonly string[],
  world: World,
): Promise<string> {
  const [command, readId = ""] = args;
  const answer = await client.request(requestOf(command, readId, options, world));
  if (answer.type === "error") throw new Failure(visibleLines(answer.data));
  if (answer.type === "info") return JSON.stringify(answer.data);
  return command === "read" ? await save(world, options.out, readId, answer.data) : visibleLines(answer.data);
}

function requestOf(
  command: string | undefined,
  readId: string,
  options: Options,
  world: World,
): RecordsRequest {
  if (command === "read") return { type: "read", clientId: readId };
  if (command === "info") return { type: "info", clientId: null };
  const { id = "", name = "", dob = "", city = "", reason = "" } = options;
  return writeRequest({ id, name, dateOfBirth: dob, city, reason }, world);
}

function writeRequest(student: Student, world: World): RecordsRequest {
  return {
    type: "write",
    clientId: student.id,
    text: studentRecord(student, wallSeconds(world.clock.now(), world.clock)),
  };
}

/** Says where the record is. Throws {@linkcode Failure} when it cannot be written. */
async function save(world: World, directory: string, id: string, record: string): Promise<string> {
  const file = `${directory.replace(/(?<=.)\/+$/, "")}/${id}.txt`;
  try {
    await removeTemporariesOf(world.disk, file);
    await writeAtomic(world.disk, file, new TextEncoder().encode(record), { within: directory });
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    // Its message speaks of the temporary file, which means nothing to the person.
    const reason = error.kind === "not-found"
      ? "there is no such folder"
      : error.kind === "not-a-file"
      ? error.message.slice(error.message.indexOf(": ") + 2)
      : error.kind.replaceAll("-", " ");
    throw new Failure(`Cannot write ${file}: ${reason}`, { cause: error });
  }
  return `Written requested file to ${file} successfully`;
}

/** Asks until the answer is fine; null at the end of the input. */
async function askChecked(
  terminal: Terminal,
  question: string,
  mistake: (text: string) => string | undefined,
): Promise<string | null> {
  for (;;) {
    const typed = (await terminal.ask(question))?.trim();
    if (typed === undefined) return null;
    const wrong = mistake(typed);
    if (wrong === undefined) return typed;
    terminal.print(wrong);
  }
}

/** The address that a person wants; null at the end of the input. */
async function askAddress(
  terminal: Terminal,
  options: Options,
): Promise<{ hostname: string; port: number } | null> {
  const { serverHost, serverPort } = options;
  const hostname = options.host ?? (await terminal.ask(`Enter the server's host (${serverHost}): `))?.trim();
  if (hostname === undefined) return null;
  let chosen = options.port;
  if (chosen === undefined) {
    const isPort = (text: string) => /^\d{0,5}$/.test(text) && Number(text) <= 65535;
    const typed = await askChecked(
      terminal,
      `Enter the server's port (${serverPort}): `,
      (text) => isPort(text) ? undefined : "A port is a number from 0 to 65535.",
    );
    if (typed === null) return null;
    chosen = typed === "" ? serverPort : Number(typed);
  }
  return { hostname: hostname === "" ? serverHost : hostname, port: chosen };
}

/** Asks for a student; null at the end of the input. */
async function askStudent(terminal: Terminal): Promise<Student | null> {
  const student = { id: "", name: "", dateOfBirth: "", city: "", reason: "" };
  for (const [field, question] of QUESTIONS) {
    const typed = await askChecked(terminal, `Enter ${question}: `, (text) => studentMistake(field, text));
    if (typed === null) return null;
    student[field] = typed;
  }
  return student;
}

/** What one choice of the menu leads to: a line to print; null at the end of the input. */
async function choose(
  choice: string,
  client: RecordsClient,
  terminal: Terminal,
  options: Options,
  world: World,
): Promise<string | null> {
  if (choice === "1") {
    const student = await askStudent(terminal);
    if (student === null) return null;
    const { data } = await client.request(writeRequest(student, world));
    return visibleLines(String(data));
  }
  if (choice !== "2") return "Invalid choice. Please enter 1, 2 or 3.";
  const id = await askChecked(terminal, "Enter Student ID: ", (text) => studentMistake("id", text));
  if (id === null) return null;
  const answer = await client.request({ type: "read", clientId: id });
  if (answer.type !== "success") return visibleLines(String(answer.data));
  try {
    return await save(world, options.out, id, answer.data);
  } catch (error) {
    // The menu goes on: the next choice may have better luck.
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

const MENU = "1. Write to the server\n2. Read from the server\n3. Exit";

async function runMenu(options: Options, world: World, signal: AbortSignal): Promise<void> {
  using terminal = openTerminal(signal);
  const address = await askAddress(terminal, options);
  if (address === null) return;
  terminal.print("Address set successfully.");
  {
    await using client = new RecordsClient(
      world,
      { address, ...await clientTls(options, world.disk), reconnect: backoffOf(options) },
      options.token,
      (line) => terminal.print(line),
    );
    await client.connect();
    for (;;) {
      terminal.print(MENU);
      const choice = (await terminal.ask("Enter your choice: "))?.trim();
      if (choice === undefined || choice === "3") break;
      const line = await choose(choice, client, terminal, options, world);
      if (line === null) break;
      terminal.print(line);
    }
  }
  terminal.print("Connection closed successfully.");
  terminal.print("Goodbye!");
}

async function runCommand(options: Options, world: World, args: readonly string[]): Promise<void> {
  const address = { hostname: options.host ?? options.serverHost, port: options.port ?? options.serverPort };
  await using client = new RecordsClient(
    world,
    { address, ...await clientTls(options, world.disk), reconnect: backoffOf(options) },
    options.token,
    () => {},
  );
  say(await runOnce(client, options, args, world));
}

if (import.meta.main) {
  await runClient(task, async (options, { world, args, signal }) => {
    await (args.length === 0 ? runMenu(options, world, signal) : runCommand(options, world, args));
  });
}
