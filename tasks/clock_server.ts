/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { clock } from "./services/clock.ts";

await clock.serve();
