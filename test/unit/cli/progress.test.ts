import { expect, test } from "vitest";
import { barLine, type Facts } from "../../../src/cli/progress.ts";

const two: Facts = { epoch: "2/8", step: "375/3000", losses: ["left 0.441", "right 0.523"], pace: "41.2 steps/s", left: "1 min 4 s left" };
const many: Facts = { ...two, losses: Array.from({ length: 20 }, (_, i) => `task${i} 0.441`) };

test("a wide terminal has room for everything", () => {
  expect(barLine(0.125, two, 160)).toBe(
    `${"█".repeat(3)}${"░".repeat(21)} 12%  epoch 2/8  step 375/3000  loss left 0.441  right 0.523  41.2 steps/s  1 min 4 s left`,
  );
});

test("80 columns have room for epoch, step, every loss, and the speed: the bar shrinks", () => {
  const line = barLine(0.125, two, 80);
  expect(line.length).toBeLessThan(80);
  for (const part of ["█", "2/8", "375/3000", "left 0.441", "right 0.523", "41.2"]) expect(line).toContain(part);
});

test.each([20, 40, 60, 80, 100, 200])("no line is longer than %i columns, and the speed is told where there is room", (columns) => {
  for (const facts of [two, many]) {
    const line = barLine(0.125, facts, columns);
    expect(line.length).toBeLessThan(columns);
    if (columns >= 40) expect(line).toContain("41.2");
  }
  if (columns < 200) expect(barLine(0.125, many, columns)).toMatch(columns >= 40 ? /\+\d+ / : /12%/);
});
