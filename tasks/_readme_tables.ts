/**
 * The tables of README that follow from the manifests.
 *
 * @module
 */
import type { Granted, RightsSet } from "./_deno_json.ts";
import { isSource, LOCAL_NETWORK } from "./_programs.ts";
import { RUNNER_VARIABLE } from "./_suspend.ts";
import type { Service } from "./_service.ts";

/** A table as `deno fmt` leaves it. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => {
    const width = Math.max(...rows.map((row) => row[column]?.length ?? 0));
    return width === 0 ? 1 : Math.max(3, width);
  });
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)].join("\n");
}

/** What there is to start, with its ports. */
export function servicesTable(services: readonly Service[]): string {
  return table([
    ["what", "server", "client", "port"],
    ...services.map(({ name, summary, task, client, ports }) => [
      summary,
      `\`deno task ${task.name}${task.positionals ? ` ${task.examples?.[0] ?? ""}` : ""}\``,
      client === undefined ? "" : `\`deno task ${name}:client\``,
      ports,
    ]),
    ["All servers in one process", "`deno task start`", "", "all of these"],
  ]);
}

/** Environment names that every task may read; the text around the table names them. */
const COMMON_ENV: readonly string[] = [
  ...["LOG_LEVEL", "LOG_FORMAT", "LOG_TIME", "NO_COLOR", "TERM", "TZ", RUNNER_VARIABLE],
];
/** With more prefixes than that, the names are those of every service. */
const MAX_PREFIXES = 3;
/** From this many names on, they are listed elsewhere. */
const SEVERAL_NAMES = 5;

/** What each permission set may do. */
export function rightsTable(sets: Readonly<Record<string, RightsSet>>): string {
  return table([
    ["set", "reads", "writes", "network", "environment"],
    ...Object.entries(sets).map(([name, { read, write, net, env }]) => [
      `\`${name}\``,
      paths(read),
      paths(write),
      network(net),
      environment(env),
    ]),
  ]);
}

function paths(granted: Granted | undefined): string {
  if (granted === undefined || granted === true) return granted ? "any" : "none";
  if ("allow" in granted) {
    const folder = "the folder it runs in, but not the program";
    return granted.deny.includes("./actors") ? folder : `${folder} but its own modules (\`--cores\`)`;
  }
  if (granted.includes(".")) return "this repository";
  const others = granted.filter((path) => !isSource(path));
  return others.length === granted.length
    ? names(granted)
    : `${names(others)}, its own modules (\`--cores\`)`;
}

function network(granted: Granted | undefined): string {
  if (granted === undefined || granted === true) return granted ? "any" : "none";
  const hosts = "allow" in granted ? granted.allow : granted;
  const others = hosts.filter((host) => !LOCAL_NETWORK.includes(host) && host !== "127.0.0.1");
  const own = hosts.includes("10.0.0.0/8") ? "loopback, private IPv4, wildcard" : "loopback";
  return others.length === 0 ? own : `${own}, ${names(others)}`;
}

function environment(granted: Granted | undefined): string {
  if (granted === undefined || granted === true) return granted ? "any" : "none";
  const listed = "allow" in granted ? granted.allow : granted;
  const own = listed.filter((name) => !COMMON_ENV.includes(name));
  if (own.length === 0) return "none of its own";
  if (own.filter((name) => name.endsWith("*")).length > MAX_PREFIXES) return "that of every service";
  const [first = ""] = own;
  return own.length >= SEVERAL_NAMES
    ? `\`${first}\`, and what [.env.example](.env.example) names`
    : names(own);
}

function names(list: readonly string[]): string {
  return list.map((name) => `\`${name}\``).join(", ");
}

/** Puts a table between its markers. Throws `SyntaxError` when a text lacks them. */
export function withTable(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- gen:${name} -->`, `<!-- /gen:${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new SyntaxError(`Cannot write the table ${name}: its markers are missing`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
