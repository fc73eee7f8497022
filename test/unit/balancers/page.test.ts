import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { balancerPage } from "../../../scripts/balancer-page.ts";

test("docs/balancers.md is what the catalogue says; `npm run docs` renews it", () => {
  expect(readFileSync(new URL("../../../docs/balancers.md", import.meta.url), "utf8")).toBe(balancerPage());
});
