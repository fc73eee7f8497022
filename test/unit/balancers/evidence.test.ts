import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { balancerCatalogue } from "../../../src/balancers/catalogue.ts";
import { evidence } from "./evidence.ts";

const folder = new URL("./", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), "utf8");
const goldenFile = read("../../golden/balancer-golden.json");
const tests = readdirSync(folder)
  .filter((file) => file.endsWith(".test.ts") && file !== "evidence.test.ts")
  .map(read)
  .join("\n");

test("every method of the catalogue has its evidence, and no other", () => {
  expect(Object.keys(evidence)).toEqual(balancerCatalogue.map(({ id }) => id));
});

test.each(Object.entries(evidence))(
  "%s: its golden numbers, laws and toys are where the documentation has them",
  (id, { golden, laws, toy }) => {
    if (golden !== undefined) {
      expect(goldenFile, "the golden file has the entry").toContain(`"${golden}`);
      expect(tests, "a test compares with the entry").toContain(golden);
    }
    const variable = id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    for (const file of [laws, toy]) {
      if (file !== undefined)
        expect(read(file), `${file} is about the method`).toMatch(new RegExp(`\\b(${id}|${variable}|${variable}Weights)\\b`));
    }
  },
);
