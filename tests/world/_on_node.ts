/**
 * The conformance suite as a program for Node and Bun: `deno bundle` makes one file of it.
 *
 * @module
 */
import process from "node:process";
import { gathered } from "./_node_tests.ts";
import "./conformance_clock_test.ts";
import "./conformance_disk_test.ts";
import "./conformance_hash_test.ts";
import "./conformance_kernel_test.ts";
import "./conformance_net_test.ts";

// What is tested must find no sign of another platform.
Reflect.deleteProperty(globalThis, "Deno");

let passed = 0;
let failed = 0;
for (const [name, run] of gathered) {
  if (!name.startsWith("nodeWorld")) continue;
  try {
    await run();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}:`, error);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
