/**
 * The collaborative editor.
 *
 * @module
 */
import { editorServer, type EditorWebOptions } from "../../actors/editor/mod.ts";
import type { TlsServerOptions, World } from "../../actors/world/world.ts";
import {
  choice,
  guarding,
  integer,
  listenFlags,
  type OptionsOf,
  path,
  tcpServerFlags,
  text,
} from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { editorSection } from "../_demo/editor.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";
import { loadPages, tellOfWebDoor, webDoorOptions, type WebFlags, webFlags } from "../_web_flags.ts";

/** What `lib0`, on which Yjs stands, asks the environment for when it is loaded. */
export const YJS_ENVIRONMENT = [
  "NODE_ENV",
  "PRODUCTION",
  "LOG",
  "FORCE_COLOR",
  "NO_COLOR",
  "COLORTERM",
  "TERM",
];
const WEB_PORT = 8088;

/** What merges edits: loaded when the first client of the web door comes, or when a crash has left some. */
function recoveryOptions({ maxDocumentBytes, textName }: { maxDocumentBytes: number; textName: string }) {
  return {
    replica: async () => (await import("../../actors/editor/yjs_replica.ts")).yjsReplica,
    maxDocumentBytes,
    textName,
  };
}

/** What the web door takes, out of the flags. */
async function webOptions(
  options: OptionsOf<WebFlags> & {
    readonly host: string;
    readonly token: string | undefined;
    readonly readToken: string | undefined;
    readonly maxDocumentBytes: number;
    readonly textName: string;
  },
  directory: string | undefined,
  tls: TlsServerOptions | undefined,
  world: World,
): Promise<{ web?: EditorWebOptions }> {
  const door = webDoorOptions(options, WEB_PORT, tls);
  if (door === undefined) return {};
  const { token, readToken } = options;
  const pages = await loadPages(world, "editor");
  return {
    web: {
      ...door,
      ...recoveryOptions(options),
      ...(pages === undefined ? {} : { pages }),
      onListening: (address) => tellOfWebDoor(world, door, address, pages !== undefined),
      ...(directory === undefined ? {} : { directory }),
      ...(token === undefined ? {} : { token }),
      ...(readToken === undefined ? {} : { readToken }),
    },
  };
}

/** The manifest. */
export const editor = defineService({
  name: "editor",
  summary: "Collaborative text editor",
  flags: {
    ...listenFlags({ port: 8080 }),
    ...tcpServerFlags({ maxClients: 10 }),
    ...dataFlags(),
    file: path({ help: "The document; made when it is not there", value: "FILE", default: "temp.txt" }),
    sync: choice(["always", "interval", "never"], {
      help:
        "When an update goes to the disk: before others are sent it, every 100 ms, or when the system likes",
      default: "always",
    }),
    ...webFlags({ port: WEB_PORT }),
    folder: path({
      help: "At the web door every NAME.txt in this folder is a document of its own",
      value: "DIR",
    }),
    token: guarding(text({ help: "Who edits at the web door must have it", value: "T" })),
    readToken: guarding(text({ help: "Who only reads at the web door must have it", value: "T" })),
    maxDocumentBytes: integer({
      help: "Longest document that can be edited at the web door",
      min: 1,
      default: 1 << 24,
      value: "BYTES",
    }),
    textName: text({
      help: "Name of the Y.Text in the clients' documents",
      value: "NAME",
      default: "content",
    }),
  },
  examples: ["", "--file notes.txt --max-clients 100"],
  rights: { ...DATA_RIGHTS, env: YJS_ENVIRONMENT },
  async behavior(options, { world }) {
    await makeDataDir(options, world);
    const line = await lineServerOptions(options, world);
    const directory = options.folder === undefined ? undefined : inDataDir(options, options.folder);
    if (directory !== undefined) await world.disk.makeDirectory(directory, { recursive: true });
    return editorServer({
      ...line,
      file: inDataDir(options, options.file),
      sync: options.sync,
      recovery: recoveryOptions(options),
      ...await webOptions(options, directory, line.tls, world),
    });
  },
  // The echo has the usual port.
  together: 8081,
  client: () => import("../editor_client.ts"),
  demo: editorSection,
  smoke: { says: ["nobody is sent what it wrote"], hears: [], logs: /Received update from client/ },
});
