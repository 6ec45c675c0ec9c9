/** An echo server of Node's `tls`. Called with the files of a certificate and of its key. */
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { createServer } from "node:tls";
import { echo, serve } from "./_echo.mjs";

const [, , certFile, keyFile] = argv;
serve(createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile), noDelay: true }, echo));
