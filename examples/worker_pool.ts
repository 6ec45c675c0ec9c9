/**
 * Forty pages are fetched by a pool of four, each page by the worker with the least to do. One site is slow:
 * the others do not wait for it.
 *
 *     deno run examples/worker_pool.ts
 *
 * @module
 */
import { ActorSystem, askAll, type Behavior, pool, type Ref } from "@troupe/actors";

/** One page to fetch. */
export type FetchCommand = { page: string; replyTo: Ref<string> };

/** Fetches a page: here it only waits as long as a page might take. */
export function fetcher(msFor: (page: string) => number): Behavior<FetchCommand> {
  return (self) => async ({ page, replyTo }) => {
    await new Promise<void>((resolve) => self.world.clock.timer(msFor(page), resolve));
    replyTo.tell(`${page} by ${self.path}`);
  };
}

if (import.meta.main) {
  await using system = new ActorSystem("crawl");
  const msFor = (page: string) => page.endsWith("/0") ? 200 : 2;
  const workers = system.spawn("workers", pool(fetcher(msFor), { size: 4, route: "least-loaded" }));
  const fetched = new Map<string, number>();
  const pages = Array.from({ length: 40 }, (_, index) => `https://example.com/${index}`);
  await Promise.all(pages.map(async (page) => {
    const done = await workers.ask({ page }, { timeoutMs: 10_000 });
    const [, worker = ""] = done.split(" by ");
    fetched.set(worker, (fetched.get(worker) ?? 0) + 1);
  }));
  for (const [worker, count] of [...fetched].sort()) console.log(`${worker} fetched ${count}`);

  // And one question to several at once: the fastest two answers are enough.
  const mirrors = [5, 1, 2000].map((ms, index) => system.spawn(`mirror-${index}`, fetcher(() => ms)));
  const { replies } = await askAll(mirrors, { page: "/index" }, { timeoutMs: 10_000, enough: 2 });
  console.log(`${replies.length} mirrors answered first`);
}
