import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { taskPage } from "../../../scripts/task-page.ts";

test("docs/tasks.md is what the tables of kinds, losses and metrics say; `npm run docs` renews it", () => {
  expect(readFileSync(new URL("../../../docs/tasks.md", import.meta.url), "utf8")).toBe(taskPage());
});
