/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { calculator } from "./services/calculator.ts";

await calculator.serve();
