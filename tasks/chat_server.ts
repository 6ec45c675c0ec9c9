/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { chat } from "./services/chat.ts";

await chat.serve();
