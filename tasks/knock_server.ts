/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { knock } from "./services/knock.ts";

await knock.serve();
