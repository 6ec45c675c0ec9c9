/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { editor } from "./services/editor.ts";

await editor.serve();
