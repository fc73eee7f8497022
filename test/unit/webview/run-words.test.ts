import { expect, test } from "vitest";
import { runLabels } from "../../../webview-ui/views/run-words.ts";
import { runSummary } from "../editor/run-summary.ts";

const at = new Date(2026, 10, 25, 13, 59, 7).getTime();

test("runs in the list are told apart by the second, and by the seed where seeds differ", () => {
  const runs = [0, 1].map((k) => ({ ...runSummary(), id: String(k), seed: 7, balancer: "equal", createdAt: at + 1000 * k }));
  const [first = "", second = ""] = runLabels(runs, at);
  expect(first).toMatch(/^equal · 13:59:07$/);
  expect(second).toMatch(/^equal · 13:59:08$/);
  expect(runLabels([...runs, { ...runSummary(), seed: 8, createdAt: at }], at)).toEqual([
    expect.stringMatching(/13:59:07 · seed 7$/),
    expect.stringMatching(/13:59:08 · seed 7$/),
    expect.stringMatching(/13:59:07 · seed 8$/),
  ]);
});
