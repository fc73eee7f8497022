import { expect, test } from "vitest";
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
