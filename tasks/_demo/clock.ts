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
    const { clock } = stage.world;
    const today = () => {
      const nowMs = clock.now();
      return formatDate(nowMs, { utcOffsetMinutes: clock.utcOffsetMinutes(nowMs) });
    };
    const before = today();
    const date = await ask(stage, server, "SEND_DATE");
    stage.check([before, today()].includes(date), `the date is ${before}`);
    stage.check(/^\d\d:\d\d:\d\d$/.test(await ask(stage, server, "SEND_TIME")), "a time is HH:MM:SS");
    stage.check(
      await ask(stage, server, "SEND_MONEY") === "Error: unknown request",
      "there is no money to be had",
    );
  },
};
