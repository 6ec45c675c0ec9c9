/**
 * The house rules, for `deno lint`.
 *
 * @module
 */
import { columns } from "./columns.ts";
import { importDirection } from "./import_direction.ts";
import { logEvent } from "./log_event.ts";
import { noAmbient } from "./no_ambient.ts";
import { noDefaultExport } from "./no_default_export.ts";
import { size } from "./size.ts";

const plugin: Deno.lint.Plugin = {
  name: "troupe",
  rules: {
    "columns": columns,
    "import-direction": importDirection,
    "log-event": logEvent,
    "no-ambient": noAmbient,
    "no-default-export": noDefaultExport,
    "size": size,
  },
};

export default plugin;
