import { assertEquals } from "@std/assert";
import { answerClock, formatDate, formatTime } from "../../protocols/clock.ts";

const MOMENT_MS = Date.UTC(2024, 2, 8, 7, 5, 9, 999);

Deno.test("clock: dates and times have two digits each and follow the zone asked for", () => {
  assertEquals(formatDate(MOMENT_MS), "2024-03-08");
  assertEquals(formatTime(MOMENT_MS), "07:05:09");
  const west = { utcOffsetMinutes: -8 * 60 };
  assertEquals([formatDate(MOMENT_MS, west), formatTime(MOMENT_MS, west)], ["2024-03-07", "23:05:09"]);
  const east = { utcOffsetMinutes: 5 * 60 + 45 };
  assertEquals(formatTime(MOMENT_MS, east), "12:50:09");
});

Deno.test("clock: what it is asked decides the answer, and nothing else does", () => {
  for (
    const [request, answer] of [
      ["SEND_DATE", "2024-03-08"],
      ["SEND_TIME", "07:05:09"],
      ["SEND_TIME\n", "07:05:09"],
      ["SEND_DATE\r\n", "2024-03-08"],
      ["send_date", "Error: unknown request"],
      ["SEND_DATE ", "Error: unknown request"],
      ["SEND_DATE\n\n", "Error: unknown request"],
      ["", "Error: unknown request"],
      ["SEND_DATE".repeat(5000), "Error: unknown request"],
    ] as const
  ) assertEquals(answerClock(request, MOMENT_MS), answer);
});

Deno.test("clock: an answer has no more than 64 bytes, at any time a date can have", () => {
  for (const timeMs of [-8.64e15, 0, MOMENT_MS, 8.64e15]) {
    for (const request of ["SEND_DATE", "SEND_TIME", "?"]) {
      const bytes = new TextEncoder().encode(answerClock(request, timeMs)).length;
      assertEquals(bytes > 0 && bytes <= 64, true, `${request} at ${timeMs}`);
    }
  }
});
