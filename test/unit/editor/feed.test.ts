import { expect, test } from "vitest";
import { recentMean } from "../../../src/analysis/recent-mean.ts";
import { Feed } from "../../../src/editor/dashboard/feed.ts";
import type { ToPage } from "../../../src/editor/protocol.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";

test("a run that is resumed while it is shown is sent whole again, without the points that went", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const record = (writer: RunWriter, from: number, to: number, value: number): void => {
    for (let step = from; step <= to; step++) writer.scalar("loss/a", step, value);
    writer.event({ kind: "note", step: to, at: 0, message: `at ${to}` });
    writer.snapshot(to, 1, { parameter: "k", shares: Uint8Array.of(value) });
    writer.commit(to);
    writer.close();
  };
  record(RunWriter.open(folder), 1, 20, 1);
  const posted: ToPage[] = [];
  const subscription = { run: "trial", scalars: ["loss/a"], vectors: [], columns: 100, span: null };
  const feed = new Feed(subscription, RunReader.open(folder), async (message) => Number.isInteger(posted.push(message)));
  await feed.send();
  const again = RunWriter.open(folder);
  again.continueAt(5);
  again.resume(0, 0);
  record(again, 6, 30, 2);
  posted.length = 0;
  await feed.send();
  feed.close();
  const data = posted.find((message) => message.type === "data");
  expect(data?.scalars).toMatchObject([{ name: "loss/a", mode: "replace" }]);
  expect([...(data?.scalars[0]?.values ?? [])]).toEqual([...Array<number>(5).fill(1), ...Array<number>(25).fill(2)]);
  expect(data?.events.map(({ message }) => message)).toEqual(["Resumed from the checkpoint of step 5.", "at 30"]);
  expect(data?.snapshots.map(({ step }) => step)).toEqual([30]);
});

test("the mean of the last points is the same for a page that followed the run and for one that opens it later", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  const values = Array.from({ length: 4000 }, (_, i) => 1 / (1 + i) + (i % 7) * 0.1);
  const record = (from: number, to: number): void => {
    for (let step = from; step < to; step++) writer.scalar("loss/a", step, values[step] ?? Number.NaN);
    writer.commit(to);
  };
  const recents = async (feed: Feed, posted: ToPage[]): Promise<unknown[]> => {
    await feed.send();
    return posted.splice(0).flatMap((message) => (message.type === "data" ? message.scalars.map(({ recent }) => recent) : []));
  };
  const follow = (columns: number, span: readonly [number, number] | null = null): [Feed, ToPage[]] => {
    const posted: ToPage[] = [];
    const subscription = { run: "trial", scalars: ["loss/a"], vectors: [], columns, span };
    return [new Feed(subscription, RunReader.open(folder), async (message) => Number.isInteger(posted.push(message))), posted];
  };
  const live = follow(50);
  const expected = (through: number): unknown => expect.closeTo(recentMean(values.slice(0, through)) ?? Number.NaN, 12);
  for (const [from, to] of [
    [0, 5],
    [5, 12],
    [12, 1500],
    [1500, 1503],
    [1503, 4000],
  ] as const) {
    record(from, to);
    expect(await recents(...live)).toEqual([expected(to)]);
  }
  writer.close();
  const later = follow(50);
  expect(await recents(...later)).toEqual([expected(4000)]);
  const zoomed = follow(50, [1000, 1999]);
  expect(await recents(...zoomed)).toEqual([expected(2000)]);
  for (const [feed] of [live, later, zoomed]) feed.close();
});
