/**
 * The flags of servers that have a web door.
 *
 * @module
 */
import { formatHost, loadStaticFiles, type StaticFiles } from "../actors/net/mod.ts";
import {
  isNotFound,
  type SocketAddress,
  type TlsServerOptions,
  type World,
  WorldError,
} from "../actors/world/world.ts";
import { custom, type Flag, UsageError } from "./_flags.ts";

/** Flags of a web door. */
export type WebFlags = {
  readonly webPort: Flag<number | "off" | undefined>;
  readonly webHost: Flag<readonly string[]>;
  readonly webOrigin: Flag<readonly string[]>;
};

/** `--web-port`, `--web-host`, `--web-origin`. */
export function webFlags({ port }: { readonly port: number }): WebFlags {
  return {
    webPort: custom<number | "off">({
      help: "Port of the web door; 0 takes any free one, off opens none",
      value: "PORT",
      takes: "a port (0 to 65535) or off",
      shown: String(port),
      parse: parsePort,
    }),
    webHost: hostNames("Names under which browsers reach the web door, beside localhost and its addresses"),
    webOrigin: origins("Other sites whose pages may use the web door"),
  };
}

/** A flag that takes names of hosts. */
export function hostNames(help: string): Flag<readonly string[]> {
  return custom({
    help,
    value: "NAME,…",
    takes: "names of hosts",
    default: [],
    shown: "none",
    parse: parseHosts,
  });
}

/** A flag that takes origins of pages. */
export function origins(help: string): Flag<readonly string[]> {
  return custom({
    help,
    value: "URL,…",
    takes: "origins such as https://example.org",
    default: [],
    shown: "none",
    parse: parseOrigins,
  });
}

function parsePort(text: string): number | "off" {
  if (text === "off") return text;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new UsageError(`${JSON.stringify(text)} is not a port (0 to 65535), nor off`);
}

function parseHosts(text: string): readonly string[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)) return name;
    throw new UsageError(`${JSON.stringify(name)} is not the name of a host`);
  });
}

function parseOrigins(text: string): readonly string[] {
  return text.split(",").map((part) => {
    const origin = part.trim();
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === origin.replace(/\/$/, "")) {
      return url.origin;
    }
    throw new UsageError(`${JSON.stringify(origin)} is not an origin such as https://example.org`);
  });
}

/** What a server's web door takes, out of its flags; undefined where it stays closed. */
export function webDoorOptions(
  options: {
    readonly host: string;
    readonly webPort: number | "off" | undefined;
    readonly webHost: readonly string[];
    readonly webOrigin: readonly string[];
  },
  defaultPort: number,
  tls: TlsServerOptions | undefined,
): {
  address: { hostname: string; port: number };
  hosts: readonly string[];
  origins: readonly string[];
  isOptional: boolean;
  tls?: TlsServerOptions;
} | undefined {
  const { host, webPort, webHost, webOrigin } = options;
  if (webPort === "off") return undefined;
  return {
    address: { hostname: host, port: webPort ?? defaultPort },
    hosts: webHost,
    origins: webOrigin,
    // Who has not asked for it is not to fail for the want of it.
    isOptional: webPort === undefined,
    ...(tls === undefined ? {} : { tls }),
  };
}

const root = new URL("..", import.meta.url);

/**
 * Tells the operator, once a web door is open: where it is, who looks at a terminal, and whether there is a
 * page at it.
 */
export function tellOfWebDoor(
  world: World,
  door: { readonly isOptional: boolean; readonly tls?: TlsServerOptions },
  { hostname, port }: SocketAddress,
  hasPage: boolean,
): void {
  const tell = (level: "info" | "warn", message: string) =>
    world.log.write({ level, actor: "web", message, fields: { event: "web-door" } });
  // A door that nobody has asked for is no news to a program that reads the log.
  if (door.isOptional && !Deno.stdout.isTerminal()) return;
  if (!hasPage) return tell("warn", "There is no page at the web door: `deno task pages` makes it");
  const host = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : formatHost(hostname);
  tell("info", `Open ${door.tls === undefined ? "http" : "https"}://${host}:${port}/ in a browser`);
}

/** The files of a page, `dist/pages/NAME`; undefined where `deno task pages` has not been run. */
export async function loadPages(world: World, name: string): Promise<StaticFiles | undefined> {
  try {
    return await loadStaticFiles(world, decodeURIComponent(new URL(`dist/pages/${name}`, root).pathname));
  } catch (error) {
    // A page that may not be read is as good as none.
    const isDenied = error instanceof WorldError && error.kind === "permission-denied";
    if (!isNotFound(error) && !isDenied) throw error;
    return undefined;
  }
}
