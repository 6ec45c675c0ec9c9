/**
 * Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import { peer } from "./services/peer.ts";

await peer.serve();
