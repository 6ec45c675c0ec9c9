/**
 * Every program there is to run: the servers and clients of all services, each with its rights.
 *
 * @module
 */
import { environmentOf, type Flags, type Rights, type Task } from "./_cli.ts";
import { RUNNER_VARIABLE } from "./_suspend.ts";
import type { Service } from "./_service.ts";

/** A server or a client. */
export interface Program {
  /** The name of the `deno task`, `chat:server`. */
  readonly name: string;
  /** What it is, in a few words, for the description of the task. */
  readonly summary: string;
  /** Its entry point, from the repository's directory. */
  readonly script: string;
  /** The permission set that has its rights. */
  readonly set: string;
  readonly rights: Rights;
}

/** This machine, private IPv4 networks, and the wildcards to listen on. */
export const LOCAL_NETWORK: readonly string[] = [
  ...["127.0.0.0/8", "[::1]", "localhost", "0.0.0.0", "[::]"],
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
];

/** What every program may read: its settings. */
const SETTINGS = ".env";

/** Where certificates and keys are kept: what the tasks that speak TLS may read. */
const CERTIFICATES = "tls";

/** What `--inspect` of every server shows to browsers. */
const INSPECTOR_PAGE = "dist/pages/inspector";

/** The parts of the toolkit that a server on several cores is made of. */
const TOOLKIT: readonly string[] = ["cluster", "cores", "inspect", "net", "runtime", "world"];

/**
 * Where the modules of a service are, and what they import: the thread of another core needs the right to
 * read each of them when it starts, which the first one does not.
 */
export function sourcesOf({ name, rights }: Pick<Service, "name" | "rights">): readonly string[] {
  const store = rights.write === undefined ? [] : ["store"];
  const actors = [fileStem(name), ...TOOLKIT, ...store].map((directory) => `actors/${directory}`);
  return [...actors, "deno.json", "mod.ts", "protocols", "std", "tasks"];
}

/** Whether a path that a program may read is one of its own modules. */
export function isSource(path: string): boolean {
  return /^(?:actors\/\w+|deno\.json|mod\.ts|protocols|std|tasks)$/.test(path);
}

/** The stem of a service's files, `key_value` of `key-value`. */
export function fileStem(name: string): string {
  return name.replaceAll("-", "_");
}

/** The environment names of a task, those with its own prefix as one. */
function environmentRights(task: Task<Flags>): string[] {
  const prefix = `${task.env}_`;
  const others = environmentOf(task).filter((name) => !name.startsWith(prefix));
  return unique([`${prefix}*`, ...others, "NO_COLOR", "TERM", "TZ", RUNNER_VARIABLE]);
}

/** The same without repetition, in the order of their first appearance. */
export function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

/** The server of a service. */
export function serverProgram({ name, task, rights, hasCores }: Service): Program {
  const { read = [], write, net, env = [] } = rights;
  return {
    name: task.name,
    summary: task.summary,
    script: `tasks/${fileStem(task.name.replace(":", "_"))}.ts`,
    set: name,
    rights: {
      read: [
        ...readRights(task, read.includes(".") ? read : [...read, INSPECTOR_PAGE]),
        ...(hasCores ? sourcesOf({ name, rights }) : []),
      ],
      ...(write && { write }),
      net: net ?? LOCAL_NETWORK,
      env: unique([...environmentRights(task), ...env]),
    },
  };
}

/** A directory is read whole, and its settings and certificates with it. */
function readRights(task: Task<Flags>, own: readonly string[]): string[] {
  if (own.includes(".")) return [...own];
  const { tlsCert, inspectTlsCert, ca } = task.flags;
  const speaksTls = [tlsCert, inspectTlsCert, ca].some((flag) => flag !== undefined);
  return unique([SETTINGS, ...(speaksTls ? [CERTIFICATES] : []), ...own]);
}

/** The clients of all services. Those that need no rights of their own share the set `client`. */
async function clientPrograms(services: readonly Service[]): Promise<Program[]> {
  const tasks: { readonly service: string; readonly task: Task<Flags> }[] = [];
  for (const { name, client } of services) {
    if (client !== undefined) tasks.push({ service: name, task: (await client()).task });
  }
  const shared = tasks.filter(({ task }) => task.rights === undefined).map(({ task }) => task);
  const env = unique(shared.flatMap((task) => environmentRights(task)));
  return tasks.map(({ service, task }) => ({
    name: task.name,
    summary: task.summary,
    script: `tasks/${fileStem(service)}_client.ts`,
    ...(task.rights === undefined
      ? { set: "client", rights: { read: [SETTINGS, CERTIFICATES], net: true, env } }
      : {
        set: `${service}-client`,
        rights: {
          net: true,
          env: environmentRights(task),
          ...task.rights,
          read: readRights(task, task.rights.read ?? []),
        },
      }),
  }));
}

/** All servers in one process: together they may what each of them may. */
function startRights(services: readonly Service[]): Rights {
  const all = services.map((service) => serverProgram(service).rights);
  const paths = (kind: "read" | "write") => {
    const listed = unique(all.flatMap((rights) => rights[kind] ?? []));
    return listed.includes(".") ? ["."] : listed;
  };
  const hosts = all.flatMap(({ net = [] }) => net === true ? [] : net);
  return {
    read: paths("read"),
    write: paths("write"),
    net: all.some(({ net }) => net === true) ? true : unique(hosts),
    env: unique(["START_*", ...all.flatMap(({ env = [] }) => env)]),
  };
}

/** Every program of some services, sorted by service, `start` first. */
export async function programs(services: readonly Service[]): Promise<Program[]> {
  const clients = await clientPrograms(services);
  return [
    {
      name: "start",
      summary: "Every server in one process, under one root actor",
      script: "tasks/start.ts",
      set: "start",
      rights: startRights(services),
    },
    ...services.flatMap((service) => [
      serverProgram(service),
      ...clients.filter(({ name }) => name.startsWith(`${service.name}:`)),
    ]),
  ];
}
