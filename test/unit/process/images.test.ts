import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { labelFile, writePhotos } from "../training/data/images/digit-photos.ts";
import { ExampleWorkspace, jsonLine } from "./command.ts";

const experiment = `
name: photos
data:
  folder: photos
  labels: photos/labels.csv
  image: {column: file, size: [28, 28], channels: 1}
tasks:
  digit: {kind: classification}
  ink: {kind: regression}
model: {trunk: [{conv2d: {filters: 4, kernelSize: 5, strides: 2, activation: relu}}, flatten, {dense: {units: 16, activation: relu}}]}
training: {epochs: 4, batchSize: 16, backend: wasm}
`;

test("The real trainer decodes a folder of images on its threads, and the same again for the same seed", async () => {
  await using workspace = new ExampleWorkspace();
  const folder = join(workspace.root, "photos");
  mkdirSync(folder);
  const photos = await writePhotos(folder, 200);
  writeFileSync(join(folder, "labels.csv"), labelFile(photos));
  writeFileSync(join(workspace.root, "photos.mtl.yaml"), experiment);
  const check = await workspace.taskscope("check", "photos.mtl.yaml");
  expect(check).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await workspace.taskscope("run", "photos.mtl.yaml", "--json");
  expect([code, stderr]).toEqual([0, expect.stringContaining("run ")]);
  const told = jsonLine(stdout) as Record<string, unknown>;
  expect(told).toMatchObject({ status: "completed", metrics: { test: { digit: { accuracy: expect.any(Number) as number } } } });
  const again = jsonLine((await workspace.taskscope("run", "photos.mtl.yaml", "--json")).stdout) as Record<string, unknown>;
  expect([again["metrics"], again["dominance"]]).toEqual([told["metrics"], told["dominance"]]);

  // An image that breaks ends the run with its place; once it is repaired the run goes on as if nothing had been.
  const broken = join(folder, photos[100]?.file ?? "");
  const image = readFileSync(broken);
  const unit = ["run", "photos.mtl.yaml", "--set", "data.scale=unit", "--set", "data.memory=1", "--json"];
  const whole = jsonLine((await workspace.taskscope(...unit)).stdout) as Record<string, unknown>;
  writeFileSync(broken, "no image");
  const failed = await workspace.taskscope(...unit);
  const { run, reason } = jsonLine(failed.stdout) as { readonly run: string; readonly reason: string };
  expect([failed.code, reason]).toEqual([1, expect.stringContaining('(line 102 of "labels.csv") is no image; png and jpeg are read.')]);
  writeFileSync(broken, image);
  const resumed = jsonLine((await workspace.taskscope("resume", run, "--json")).stdout) as Record<string, unknown>;
  expect([resumed["status"], resumed["metrics"], resumed["dominance"]]).toEqual(["completed", whole["metrics"], whole["dominance"]]);
});
