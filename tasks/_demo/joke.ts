import { jokeServer } from "../../actors/joke/mod.ts";
import { JOKE } from "../../protocols/joke.ts";
import { ask } from "./datagrams.ts";
import type { Section } from "./section.ts";

/** The joke. */
export const jokeSection: Section = {
  name: "joke",
  title: "Joke (UDP)",
  about: "Whatever the datagram, the answer is Ok. Should it get lost, it is told again.",
  async play(stage) {
    const server = await stage.serve("server", jokeServer);
    stage.check(await ask(stage, server, JOKE) === "Ok", "the server gets the joke");
  },
};
