import { assertEquals } from "@std/assert";
import { FamiliesOfLives } from "../../actors/inspect/families_of_lives.ts";
import { mergeFamilies, MeterRegistry } from "../../actors/inspect/mod.ts";
import { formatMetrics } from "../../protocols/prometheus.ts";

/** What a life has counted. */
function families(lines: number, connections: number, seconds: readonly number[]) {
  const meter = new MeterRegistry();
  meter.counter("lines", { unit: "{line}", description: "L." }).add(lines);
  meter.upDownCounter("connections", { unit: "{connection}", description: "C." }).add(connections);
  const duration = meter.histogram("duration", { unit: "s", description: "D.", bounds: [1] });
  for (const each of seconds) duration.record(each);
  return meter.families();
}

Deno.test("metrics: no sum of several threads falls while one is late, dead or started again", () => {
  const lives = new FamiliesOfLives();
  const values = (...args: Parameters<FamiliesOfLives["take"]>) =>
    formatMetrics(mergeFamilies(lives.take(...args))).split("\n")
      .filter((line) => /^(lines|connections|duration_seconds_count)/.test(line))
      .map((line) => Number(line.split(" ").at(-1))).sort((one, other) => one - other);
  const [one, two] = [families(10, 3, [0.5, 2]), families(20, 4, [0.5])];
  // Connections, times measured, lines.
  assertEquals(values([{ life: 1, families: undefined }, { life: 2, families: two }]), [1, 4, 20]);
  assertEquals(values([{ life: 1, families: one }, { life: 2, families: two }]), [3, 7, 30]);
  // Late: its last report stands.
  assertEquals(values([{ life: 1, families: undefined }, { life: 2, families: two }]), [3, 7, 30]);
  // Dead: its connections are gone, and what it has done is not.
  assertEquals(values([{ life: 2, families: two }]), [3, 4, 30]);
  // Started again.
  const again = families(1, 1, []);
  assertEquals(values([{ life: 2, families: two }, { life: 3, families: again }]), [3, 5, 31]);
  assertEquals(values([{ life: 4, families: again }]), [1, 3, 32]);
});

Deno.test("metrics: of a gauge of several threads the largest is told, series by series, and none that is over", () => {
  const thread = (epoch: number, ages: Readonly<Record<string, number>>) => {
    const meter = new MeterRegistry();
    meter.gauge("epoch", { unit: "1", description: "E." }).record(epoch);
    meter.gauge("silent", { unit: "1", description: "S." });
    meter.observe("high_water", "gauge", { unit: "1", description: "H." }, () => epoch + 100);
    for (const [host, age] of Object.entries(ages)) {
      meter.gauge("age", { unit: "s", description: "A.", attributes: { host } }).record(age);
    }
    return meter.families();
  };
  const lives = new FamiliesOfLives();
  const told = (...args: Parameters<FamiliesOfLives["take"]>) =>
    formatMetrics(mergeFamilies(lives.take(...args))).split("\n").filter((line) => /^[a-z]/.test(line))
      .sort();
  const [one, two] = [thread(7, { a: -1, b: 4 }), thread(3, { a: 2 })];
  const both = ['age_seconds{host="a"} 2', 'age_seconds{host="b"} 4', "epoch 7", "high_water 107"];
  assertEquals(told([{ life: 1, families: one }, { life: 2, families: two }]), both);
  assertEquals(told([{ life: 2, families: two }]), ['age_seconds{host="a"} 2', "epoch 3", "high_water 103"]);
});
