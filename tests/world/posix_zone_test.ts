import { assertEquals } from "@std/assert";
import { parsePosixZone } from "../../actors/world/posix_zone.ts";
import { available, runTask, startTask } from "../_helpers.ts";

const SUMMER = Date.UTC(2026, 6, 1);
const WINTER = Date.UTC(2026, 0, 1);

Deno.test("posix zone: offsets count to the west, and a summer time is an hour unless it says otherwise", () => {
  for (
    const [text, winter, summer] of [
      ["CET-1CEST", 60, 120],
      ["CET-1CEST,M3.5.0,M10.5.0/3", 60, 120],
      ["JST-9", 540, 540],
      ["EST5", -300, -300],
      ["<+0330>-3:30", 210, 210],
      ["<-03>3", -180, -180],
      ["AEST-10AEDT,M10.1.0,M4.1.0/3", 660, 600],
      ["IST-1GMT0,M10.5.0,M3.5.0/1", 0, 60],
      ["NZST-12NZDT,M9.5.0,M4.1.0/3", 780, 720],
      ["XXX4:30YYY3:15,J60,J300", -270, -195],
    ] as const
  ) {
    const zone = parsePosixZone(text);
    assertEquals([zone?.utcOffsetMinutes(WINTER), zone?.utcOffsetMinutes(SUMMER)], [winter, summer], text);
  }
});

Deno.test("posix zone: the clocks are put at the moment that the rule says", () => {
  const vienna = parsePosixZone("CET-1CEST,M3.5.0,M10.5.0/3");
  const at = (iso: string) => vienna?.utcOffsetMinutes(Date.parse(iso));
  assertEquals([at("2026-03-29T00:59:59Z"), at("2026-03-29T01:00:00Z")], [60, 120]);
  assertEquals([at("2026-10-25T00:59:59Z"), at("2026-10-25T01:00:00Z")], [120, 60]);
});

Deno.test("posix zone: names of the zone database and what is no zone are left to the platform", () => {
  for (
    const text of [
      "",
      "UTC",
      "Europe/Vienna",
      "EST5EDT",
      "Etc/GMT-5",
      "CET-1CEST,M13.1.0,M10.5.0",
      "CET-1CEST,x,y",
      "UTC+25",
      "XXX-26:00",
      "XXX4YYY-24:00:01",
    ]
  ) {
    assertEquals(parsePosixZone(text), undefined, text);
  }
});

Deno.test({
  name: "files 16: what the clock service tells is what the C library tells, in zones of any form",
  ignore: !await available("date", "--version"),
  async fn() {
    for (
      const TZ of [
        "CET-1CEST",
        "<+0330>-3:30",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "/usr/share/zoneinfo/Europe/Lisbon",
      ]
    ) {
      await using server = startTask("clock:server", ["--port", "0"], { env: { TZ } });
      const port = await server.port();
      const hour = async () => {
        const date = new Deno.Command("date", { args: ["+%H:%M"], env: { TZ } });
        return new TextDecoder().decode((await date.output()).stdout).trim();
      };
      const before = await hour();
      const told = new Set<string>();
      for (let tries = 0; tries < 20 && told.size === 0; tries++) {
        const { stdout } = await runTask("clock:client", [
          "--host",
          "127.0.0.1",
          "--port",
          `${port}`,
          "--count",
          "1",
        ]);
        const time = /MESSAGE= (\d\d:\d\d):\d\d/.exec(stdout)?.[1];
        if (time !== undefined) told.add(time);
      }
      const [time = ""] = told;
      const expected = [before, await hour()];
      assertEquals(expected.includes(time), true, `${TZ}: ${time}, not ${expected}`);
    }
  },
});

Deno.test("files 16: a time zone that is not known is said to be UTC, and one that is known is not", async () => {
  const cases: [string, boolean][] = [
    ...["Nonsense/Zone", "UTC+25", "XXX-26:00", "europe/vienna", "-05:00", "CET-1CEST,M13.1.0,M10.5.0", " "]
      .map((zone): [string, boolean] => [zone, false]),
    ...[
      "",
      "Asia/Tokyo",
      ":Asia/Tokyo",
      "/usr/share/zoneinfo/posix/Asia/Tokyo",
      "/usr/share/zoneinfo/Europe/Berlin",
      "UTC+5",
      "Zulu",
      "CET-1CEST",
    ]
      .map((zone): [string, boolean] => [zone, true]),
  ];
  await Promise.all(cases.map(async ([TZ, isKnown]) => {
    await using server = startTask("clock:server", ["--host", "127.0.0.1", "--port", "0"], { env: { TZ } });
    await server.line("Server started");
    const [warning] = server.stdout.match(/^\[WARN\] .*$/m) ?? [];
    const expected = `[WARN] TZ=${JSON.stringify(TZ)} is no time zone that is known here: ` +
      "local times are those of UTC";
    assertEquals(warning, isKnown ? undefined : expected);
  }));
});
