/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { echo } from "./services/echo.ts";

await echo.serve();
