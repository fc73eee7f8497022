import { expect, test } from "vitest";
import type { ParameterDescription } from "../../../src/experiment/record.ts";
import type { SeriesUpdate } from "../../../src/editor/protocol.ts";
import { SeriesStore } from "../../../webview-ui/state/series-store.ts";
import { layerOwners } from "../../../webview-ui/views/layer-owners.ts";
import { description } from "../editor/run-summary.ts";

function common(name: string, size: number, ...tasks: readonly string[]): ParameterDescription {
  const [layer = "", weight = ""] = name.split(".");
  return { name, layer, weight, shape: [size], size, reach: "common", tasks };
}

test("a layer that not all tasks reach is owned by those that do", () => {
  const [species, mass] = description.tasks;
  if (species === undefined || mass === undefined) throw new Error("no task");
  const store = new SeriesStore();
  const values = {
    "dominance/some.kernel/species": 0.25,
    "dominance/some.kernel/age": 0.75,
    "dominated/some.kernel/species": 0,
    "dominated/some.kernel/age": 0.5,
  };
  store.take(
    Object.entries(values).map(([name, value]): SeriesUpdate => ({
      name,
      mode: "replace",
      steps: new Float64Array([1]),
      values: new Float64Array([value]),
      reduced: false,
      recent: value,
    })),
    [],
  );
  const some = {
    ...description,
    tasks: [species, mass, { ...species, id: "age" }],
    parameters: [common("some.kernel", 4, "species", "age")],
  };
  expect(layerOwners(some, store)).toEqual([
    { layer: "some", weights: 4, owned: [0, 0, 0.5], shares: [0.25, 0, 0.75], parameter: "some.kernel" },
  ]);
});
