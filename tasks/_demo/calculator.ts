import { calculatorServer } from "../../actors/calculator/mod.ts";
import type { Section } from "./section.ts";

/** The calculator. */
export const calculatorSection: Section = {
  name: "calculator",
  title: "Calculator (TCP)",
  about: "Each connection is a session with an actor of its own: first a name, then one expression a line.",
  async play(stage) {
    const address = await stage.serve("server", calculatorServer);
    const [adarsh, mia] = [await stage.client(address), await stage.client(address)];
    adarsh.send("Adarsh");
    mia.send("Mia");
    for (
      const [who, client, expression, value] of [
        ["Adarsh", adarsh, "12 + 13", "25.0"],
        ["Mia", mia, "-6 * 6.96", "-41.76"],
        ["Adarsh", adarsh, "1 / 0", "Error: division by zero"],
        ["Mia", mia, "two times three", "Invalid expression"],
        ["Adarsh", adarsh, "q", "Session ended"],
        ["Mia", mia, "0.1 + 0.2", "0.30000000000000004"],
      ] as const
    ) {
      stage.send(who, client, expression);
      await stage.hears(who, client, value);
    }
  },
};
