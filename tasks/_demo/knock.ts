import { knockServer } from "../../actors/knock/mod.ts";
import type { Section } from "./section.ts";

/** Knock-knock. */
export const knockSection: Section = {
  name: "knock",
  title: "Knock-knock (TCP)",
  about: "The smallest conversation there is: one line, one answer.",
  async play(stage) {
    const address = await stage.serve("server", knockServer);
    const client = await stage.client(address);
    stage.send("client", client, "Knock Knock..");
    await stage.hears("client", client, "Whose there?");
  },
};
