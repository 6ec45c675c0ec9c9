/** Logs more than any pipe holds, whoever reads it. */
import { denoWorld } from "../../actors/world/deno/mod.ts";

const world = denoWorld();
for (let turn = 0; turn < 200; turn++) {
  for (let i = 0; i < 100; i++) {
    world.log.write({ level: "info", actor: "/flood", message: `${turn}.${i} ${"x".repeat(50)}` });
  }
  await new Promise<void>((resolve) => world.loop.nextTurn(resolve));
}
world.flush();
