/** An echo server of Node's `net`. */
import { createServer } from "node:net";
import { echo, serve } from "./_echo.mjs";

serve(createServer({ noDelay: true }, echo));
