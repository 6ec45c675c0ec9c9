import { chatServer } from "../../actors/chat/mod.ts";
import type { Section } from "./section.ts";

/** The chat. */
export const chatSection: Section = {
  name: "chat",
  title: "Chat room (TCP)",
  about:
    "An actor a room, an actor a member, one that owns the names. Everybody hears the same things in the same order.",
  async play(stage) {
    const address = await stage.serve("server", chatServer);
    const [ann, bob, eve] = [
      await stage.client(address),
      await stage.client(address),
      await stage.client(address),
    ];
    stage.send("Ann", ann, "Ann");
    stage.send("Ann", ann, "/who");
    await stage.hears("Ann", ann, "In lobby: Ann");
    stage.send("Bob", bob, "Bob");
    await stage.hears("Ann", ann, "Bob has joined the chat.");
    stage.note("Eve tries a name that only looks like Bob's: its o is Greek.");
    stage.send("Eve", eve, "Bοb");
    await stage.hears("Eve", eve, /^Error: Cannot log in: /);
    stage.send("Eve", eve, "Eve");
    await stage.hears("Ann", ann, "Eve has joined the chat.");
    await stage.hears("Bob", bob, "Eve has joined the chat.");
    stage.send("Bob", bob, "hello, all");
    await stage.hears("Ann", ann, "Bob: hello, all");
    await stage.hears("Eve", eve, "Bob: hello, all");
    stage.send("Ann", ann, "/me waves");
    await stage.hears("Bob", bob, "* Ann waves");
    await stage.hears("Eve", eve, "* Ann waves");
    stage.send("Eve", eve, "/msg Bob psst, only you hear this");
    await stage.hears("Bob", bob, "Eve (to you): psst, only you hear this");
    stage.send("Bob", bob, "quit");
    await stage.hears("Ann", ann, "Bob has left the chat.");
    await stage.hears("Eve", eve, "Bob has left the chat.");
    stage.send("Ann", ann, "/history 2");
    await stage.hears("Ann", ann, "The last 2 lines of lobby:");
    await stage.hears("Ann", ann, "Bob: hello, all");
    await stage.hears("Ann", ann, "* Ann waves");
  },
};
