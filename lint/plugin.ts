/**
 * The house rules, for `deno lint`.
 *
 * @module
 */
import { importDirection } from "./import_direction.ts";
import { noAmbient } from "./no_ambient.ts";
import { noDefaultExport } from "./no_default_export.ts";

const plugin: Deno.lint.Plugin = {
  name: "troupe",
  rules: {
    "import-direction": importDirection,
    "no-ambient": noAmbient,
    "no-default-export": noDefaultExport,
  },
};

export default plugin;
