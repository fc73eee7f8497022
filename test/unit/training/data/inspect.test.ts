import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Experiment } from "../../../../src/experiment/schema.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { arrayExperiment as experimentOn } from "./arrays/array-experiment.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const rows = Array.from({ length: 60 }, (_, i) => [i, i % 7, ["a", "b", "c"][i % 3]].join(","));

test("a table is not looked at again while neither the data nor the tasks of the experiment change", async () => {
  const tables = new PrefixCache();
  const file = folder.write("twice.csv", ["x,y,z", ...rows].join("\n"));
  const of = (inputs: readonly string[], tasks: Parameters<typeof experimentOn>[1], units = 4): Experiment =>
    experimentOn({ file, inputs }, tasks, { model: { trunk: [{ dense: { units } }] } });
  const inspect = (experiment: Experiment) => inspectData(experiment, folder.path, tables, true);
  const prefix = await tables.read(join(folder.path, file));
  const looks = vi.spyOn(prefix, "chunks");

  const first = await inspect(of(["x"], { z: { kind: "classification" } }));
  expect(first.facts).toMatchObject({ problems: [], rows: { train: 42, validation: 9, test: 9 } });
  expect(looks).toHaveBeenCalledTimes(1);
  expect(await inspect(of(["x"], { z: { kind: "classification" } }, 8))).toEqual(first);
  expect(looks).toHaveBeenCalledTimes(1);

  const other = await inspect(of(["x", "y"], { z: { kind: "classification" } }));
  expect(other.shape?.inputs).toMatchObject([{ features: ["x", "y"] }]);
  const refused = await inspect(of(["x", "y"], { w: { kind: "regression" } }));
  expect(refused.facts.problems).toMatchObject([{ code: "MTL301" }]);
  expect(await inspect(of(["x"], { z: { kind: "classification" } }))).toEqual(first);
  expect(looks.mock.calls.length).toBeGreaterThan(2);

  folder.write("twice.csv", ["x,y,z", ...rows.slice(0, 50)].join("\n"));
  expect((await inspect(of(["x"], { z: { kind: "classification" } }))).facts.rows).toEqual({ train: 34, validation: 8, test: 8 });
});

test("the tables of many sources are read once, as long as they are small", async () => {
  const tables = new PrefixCache();
  const small = Array.from({ length: 12 }, (_, i) => join(folder.path, folder.write(`small-${i}.csv`, ["x,y,z", ...rows].join("\n"))));
  const first = [];
  for (const path of small) first.push(await tables.read(path));
  for (const [i, path] of small.entries()) expect(await tables.read(path)).toBe(first[i]);

  const line = Array.from({ length: 1000 }, (_, i) => i % 7).join(",");
  const wide = ["x", ...Array.from({ length: 999 }, (_, i) => `c${i}`)].join(",");
  const large = Array.from({ length: 5 }, (_, i) =>
    join(folder.path, folder.write(`large-${i}.csv`, [wide, ...Array.from({ length: 1050 }, () => line)].join("\n"))),
  );
  for (const path of large) await tables.read(path);
  // Only as many as a process can hold: the oldest are read again.
  expect(await tables.read(small[0] ?? "")).not.toBe(first[0]);
  expect(await tables.read(large[4] ?? "")).toBe(await tables.read(large[4] ?? ""));
});
