/**
 * The collaborative editor.
 *
 * @module
 */
import { editorServer } from "../../actors/editor/mod.ts";
import { choice, listenFlags, path, tcpServerFlags } from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { editorSection } from "../_demo/editor.ts";
import { lineServerOptions } from "../_server_options.ts";
import { defineService } from "../_service.ts";

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
  },
  examples: ["", "--file notes.txt --max-clients 100"],
  rights: DATA_RIGHTS,
  async behavior(options, { world }) {
    await makeDataDir(options, world);
    const file = inDataDir(options, options.file);
    return editorServer({ ...await lineServerOptions(options, world), file, sync: options.sync });
  },
  // The echo has the usual port.
  together: 8081,
  client: () => import("../editor_client.ts"),
  demo: editorSection,
  smoke: { says: ["nobody is sent what it wrote"], hears: [], logs: /Received update from client/ },
});
