import { afterAll, describe, expect, test } from "vitest";
import { namedInputs } from "../../../../src/experiment/data/named-inputs.ts";
import { experimentSchema } from "../../../../src/experiment/schema.ts";
import { DataError } from "../../../../src/training/data/data-error.ts";
import { loadData } from "../../../../src/training/data/load.ts";
import { inspectData } from "../../../../src/training/data/inspect.ts";
import { PrefixCache } from "../../../../src/training/data/tables/prefix.ts";
import { planModel } from "../../../../src/training/model/plan.ts";
import { allRows } from "./all-rows.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});
const file = folder.write(
  "places.csv",
  `lat,lon,kind,size,price\n${Array.from({ length: 40 }, (_, i) => `${i},${i * i},${i % 3 === 0 ? "house" : "flat"},${i % 7},${3 * i}`).join("\n")}\n`,
);

function experiment(inputs: unknown, encoders?: unknown) {
  return experimentSchema.parse({
    name: "places",
    data: { file, inputs },
    tasks: { price: { kind: "regression" } },
    model: { ...(encoders === undefined ? {} : { inputs: encoders }), trunk: [{ dense: { units: 4 } }] },
  });
}

test("inputs are grouped by their names, each entry with its place", () => {
  expect(namedInputs(["a", "b"])).toEqual([
    {
      name: "table",
      entries: [
        { entry: "a", path: [0] },
        { entry: "b", path: [1] },
      ],
    },
  ]);
  expect(namedInputs<string>({ where: ["lat", "lon"], photo: "pixels" })).toEqual([
    {
      name: "where",
      entries: [
        { entry: "lat", path: ["where", 0] },
        { entry: "lon", path: ["where", 1] },
      ],
    },
    { name: "photo", entries: [{ entry: "pixels", path: ["photo"] }] },
  ]);
});

describe("named inputs of a table", () => {
  const named = { where: ["lat", "lon"], what: ["kind", "size"] };

  test("become inputs of the network, and a column has the same values in any of them", async () => {
    const [several, single] = await Promise.all(
      [named, ["lat", "lon", "kind", "size"]].map(async (inputs) => await loadData(experiment(inputs), folder.path)),
    );
    expect(several?.inputs).toEqual([
      { name: "where", shape: [2], features: ["lat", "lon"] },
      { name: "what", shape: [3], features: ["kind=flat", "kind=house", "size"] },
    ]);
    if (several === undefined || single === undefined) throw new Error("There is no data.");
    const { rows, inputs } = await allRows(several.splits.train);
    const [table = new Float32Array()] = (await allRows(single.splits.train)).inputs;
    const joined = Array.from({ length: rows }, (_, row) => [
      ...(inputs[0]?.subarray(2 * row, 2 * row + 2) ?? []),
      ...(inputs[1]?.subarray(3 * row, 3 * row + 3) ?? []),
    ]).flat();
    expect(joined).toEqual([...table]);
  });

  test("may share a column, and may be one column without a list", async () => {
    const { inputs } = await loadData(experiment({ wide: ["lat", "size"], deep: "size" }), folder.path);
    expect(inputs.map(({ features }) => features)).toEqual([["lat", "size"], ["size"]]);
  });

  test("have layers of their own", async () => {
    const wanted = experiment(named, { where: [{ dense: { units: 8 } }] });
    const { shape } = await inspectData(wanted, folder.path, new PrefixCache(), true);
    if (shape === undefined) throw new Error("The data has a problem.");
    expect(planModel(wanted, shape).entryShape).toEqual([8 + 3]);
    expect(() => planModel(experiment(named, { were: [] }), shape)).toThrow(/no input "were". Did you mean "where"\?/);
  });

  test("are told of at their own place", async () => {
    const problem = await loadData(experiment({ where: ["lat", "long"], what: ["kind"] }), folder.path).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(DataError);
    expect(problem).toMatchObject({ code: "MTL301", path: ["data", "inputs", "where", 1] });
  });
});
