/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { joke } from "./services/joke.ts";

await joke.serve();
