import { clockServer } from "../../actors/clock/mod.ts";
import { formatDate } from "../../protocols/clock.ts";
import { ask } from "./datagrams.ts";
import type { Section } from "./section.ts";

/** The clock. */
export const clockSection: Section = {
  name: "clock",
  title: "Clock (UDP)",
  about: "A datagram asks for the date or the time; nothing is remembered from one to the next.",
  async play(stage) {
    const server = await stage.serve("server", clockServer);
    const before = formatDate(stage.world.clock.now());
    const date = await ask(stage, server, "SEND_DATE");
    stage.check([before, formatDate(stage.world.clock.now())].includes(date), `the date is ${before}`);
    stage.check(/^\d\d:\d\d:\d\d$/.test(await ask(stage, server, "SEND_TIME")), "a time is HH:MM:SS");
    stage.check(
      await ask(stage, server, "SEND_MONEY") === "Error: unknown request",
      "there is no money to be had",
    );
  },
};
