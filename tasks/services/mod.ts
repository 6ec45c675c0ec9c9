/**
 * Every service. Written by `deno task gen`: edit the manifests in `tasks/services/` instead.
 *
 * @module
 */
import type { Service } from "../_service.ts";
import { calculator } from "./calculator.ts";
import { chat } from "./chat.ts";
import { clock } from "./clock.ts";
import { echo } from "./echo.ts";
import { editor } from "./editor.ts";
import { joke } from "./joke.ts";
import { knock } from "./knock.ts";
import { peer } from "./peer.ts";
import { records } from "./records.ts";

/** Every service, by name. */
export const services: readonly Service[] = [
  calculator,
  chat,
  clock,
  echo,
  editor,
  joke,
  knock,
  peer,
  records,
];
