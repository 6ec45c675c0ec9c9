/**
 * People who write into a text that a log has open, for the store's campaign.
 *
 * @module
 */
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { DiskFile } from "../../actors/world/world.ts";
import { newLine, type TextLines } from "./_text_lines.ts";

const encoder = new TextEncoder();

/** They add lines, correct one in place, save the whole text, put another file in its place. */
export class TextPeople {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  readonly #path: string;
  readonly #text: TextLines;

  constructor(sim: SimWorld, host: SimHost, path: string, text: TextLines) {
    this.#sim = sim;
    this.#host = host;
    this.#path = path;
    this.#text = text;
  }

  /** Somebody writes, while the log does not. Says whether all of the text is durable now, or any may go. */
  async write(): Promise<"durable" | "in place" | undefined> {
    const how = this.#sim.random.pick(["appended", "corrected", "saved", "replaced"] as const);
    if (how === "replaced") return this.#replace();
    if (how === "saved") return await this.#save();
    if (how === "appended") await this.#append();
    else await this.#correct();
    return undefined;
  }

  get #shown(): string {
    return this.#host.disk.readText(this.#path) ?? "";
  }

  async #append(): Promise<void> {
    const { length } = this.#shown;
    const line = this.#text.compose(this.#sim.random);
    // As a person's program does it where the last line has no end.
    const lead = this.#shown === "" || this.#shown.endsWith("\n") ? "" : "\n";
    await this.#change((file) => file.write(encoder.encode(`${lead}${line}\n`), length));
    this.#text.lines.push(newLine(line));
    this.#sim.sometimes("somebody appended to an open text");
  }

  /** In place, to as many bytes. */
  async #correct(): Promise<void> {
    const { lines } = this.#text;
    const at = this.#sim.random.integer(0, lines.length - 1);
    const line = lines[at];
    if (line === undefined || line.correction !== "none" || line.text !== line.text.toLowerCase()) return;
    const before = lines.slice(0, at).reduce((sum, { text }) => sum + text.length + 1, 0);
    const text = line.text.toUpperCase();
    await this.#change((file) => file.write(encoder.encode(text), before));
    lines[at] = { ...line, text, correction: "not on the disk" };
    this.#sim.sometimes("somebody corrected a line of an open text");
  }

  /**
   * With lines of their own behind those that are on the disk: what was there before may be there again where
   * a sync of it fails.
   */
  async #save(): Promise<"in place" | undefined> {
    const durable = this.#host.disk.readDurableText(this.#path) ?? "";
    if (!this.#shown.startsWith(durable) || !(durable === "" || durable.endsWith("\n"))) return undefined;
    const { random } = this.#sim;
    const length = random.pick([10, 1500]);
    const own = Array.from(
      { length: random.pick([1, 2, 8]) },
      () => this.#text.compose(random, length),
    );
    const saved = durable + own.map((line) => `${line}\n`).join("") + this.#shown.slice(durable.length);
    await this.#change(async (file) => {
      await file.truncate(0);
      await file.write(encoder.encode(saved), 0);
    });
    this.#text.lines.splice(durable.split("\n").length - 1, 0, ...own.map((line) => newLine(line)));
    this.#sim.sometimes("somebody saved an open text in place");
    return "in place";
  }

  /** Another file, with a line more or with another word, is there, and on the disk, at once. */
  #replace(): "durable" {
    const { disk } = this.#host;
    const { lines } = this.#text;
    const draft = `${this.#path}.draft`;
    const first = lines[0]?.text ?? "";
    if (this.#sim.random.chance(0.5) && first.startsWith("line")) {
      disk.write(draft, this.#shown.replace("line", "edit"));
      lines[0] = newLine(first.replace("line", "edit"));
    } else {
      const line = this.#text.compose(this.#sim.random);
      disk.write(draft, `${line}\n${this.#shown}`);
      lines.unshift(newLine(line));
    }
    disk.rename(draft, this.#path);
    this.#text.synced();
    this.#sim.sometimes("somebody put another file in an open text's place");
    return "durable";
  }

  async #change(work: (file: DiskFile) => Promise<void>): Promise<void> {
    const file = await this.#sim.settle(this.#host.world.disk.open(this.#path, { write: true }));
    await this.#sim.settle(work(file));
    file.close();
  }
}
