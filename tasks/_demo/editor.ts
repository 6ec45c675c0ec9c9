import { editorServer } from "../../actors/editor/mod.ts";
import type { Section } from "./section.ts";

/** The editor. */
export const editorSection: Section = {
  name: "editor",
  title: "Collaborative editor (TCP)",
  about:
    "One text, many writers. A line is on the disk before anybody else is sent it; who comes late gets all of it.",
  async play(stage) {
    const file = `${await stage.directory()}/shared.txt`;
    const address = await stage.serve("server", (listening) => editorServer({ ...listening, file }));
    const ann = await stage.client(address);
    const bob = await stage.client(address);
    stage.send("Ann", ann, "Dear all,");
    await stage.hears("Bob", bob, "Dear all,");
    stage.send("Bob", bob, "this text is written by two.");
    await stage.hears("Ann", ann, "this text is written by two.");
    stage.note("Eve comes late, and is sent the document as it is.");
    const eve = await stage.client(address);
    await stage.hears("Eve", eve, "Dear all,");
    await stage.hears("Eve", eve, "this text is written by two.");
    stage.send("Eve", eve, "By three!");
    await stage.hears("Ann", ann, "By three!");
    await stage.hears("Bob", bob, "By three!");
    const text = new TextDecoder().decode(await stage.world.disk.readFile(file));
    stage.check(
      text === "Dear all,\nthis text is written by two.\nBy three!\n",
      "the file is what everybody saw",
    );
    stage.note("The file on disk has these three lines, in this order.");
  },
};
