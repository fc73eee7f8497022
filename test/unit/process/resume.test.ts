import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunSummary } from "../../../src/runs/contract.ts";
import { isEnded } from "../../../src/runs/registry.ts";
import { addRequest } from "../../../src/runs/store/outside-writes.ts";
import { RunReader } from "../../../src/runs/store/run-reader.ts";
import { ExampleWorkspace, jsonLine, until } from "./command.ts";

const epochs = 200;
const training = ["run", "examples/penguins.mtl.yaml", "--backend", "wasm", "--set", `training.epochs=${epochs}`, "--json"];

/** Beside the penguins: everything that a training remembers, at once. */
const everything = `name: everything
data: {file: penguins.csv, inputs: [Beak Length (mm), Beak Depth (mm), Flipper Length (mm), Island], missing: drop}
tasks:
  species: {column: Species, kind: classification}
  mass: {column: Body Mass (g), kind: regression}
model: {trunk: [{dense: {units: 16, activation: relu}}, batchNormalization, {dropout: {rate: 0.2}}, {dense: {units: 8, name: upper}}]}
balancer: adatask
optimizer: {adamw: {learningRate: 1e-3}}
training:
  epochs: ${epochs}
  schedule: {cosine: {final: 0.1}, warmup: {epochs: 2}}
  clip: {norm: 1}
  earlyStopping: {patience: ${epochs - 1}}
  phases:
    - {name: upper part, until: {steps: 75}, train: [upper, heads], balancer: uncertainty}
    - {name: whole}
`;

/** Everything recorded but what depends on the clock, and what a run came to. */
function recordedIn(folder: string): { readonly series: unknown; readonly snapshots: unknown; readonly result: unknown } {
  using reader = RunReader.open(folder);
  const list = reader.seriesList().filter(({ name }) => name !== "steps-per-second" && !name.startsWith("system/"));
  return {
    series: list.map((info) => [info, info.width === 1 ? reader.points(info.name) : reader.vectors(info.name)]),
    snapshots: reader
      .snapshots()
      .map(({ parameter, step, epoch }) => [parameter, step, epoch, reader.snapshot(parameter, step)?.map.shares]),
    // How fast it went depends on the clock.
    result: { ...reader.summary().result, speed: undefined },
  };
}

/** Lets a run get far, makes a checkpoint on the way, and kills it some steps after that. */
async function killed(workspace: ExampleWorkspace, command = training): Promise<{ readonly run: RunSummary; readonly checkpoint: number }> {
  const { code, stderr } = await workspace.taskscope(...command, "--detach");
  if (code !== 0) throw new Error(stderr);
  await until(
    "it trains",
    () => workspace.run,
    ({ step }) => step > 100,
  );
  const { folder, owner } = workspace.run;
  addRequest(folder, "checkpoint");
  using reader = workspace.reader();
  // Not the first, which every run has; the best one is written before the last one.
  const checkpoint = await until(
    "it has a checkpoint, and is further",
    () => Math.max(...reader.events().flatMap(({ kind, step }) => (kind === "checkpoint" ? [step] : []))),
    (step) => step > 100 && reader.summary().step > step + 50,
  );
  process.kill(owner?.pid ?? 0, "SIGKILL");
  const run = await until("it is gone", () => workspace.run, isEnded);
  return { run, checkpoint };
}

describe("a run that was killed", () => {
  test("goes on from its last checkpoint, and in the end nothing tells it from one that never stopped", async () => {
    await using whole = new ExampleWorkspace();
    expect((await whole.taskscope(...training)).code).toBe(0);
    await using parts = new ExampleWorkspace();
    const { run, checkpoint } = await killed(parts);
    expect(run.status).toBe("crashed");
    expect(run.step).toBeGreaterThan(checkpoint);
    const { code, stdout, stderr } = await parts.taskscope("resume", run.id, "--json");
    expect(stderr).toContain(`from the checkpoint of step ${checkpoint}`);
    expect([code, jsonLine(stdout)]).toMatchObject([0, { run: run.id, status: "completed" }]);
    const end = parts.run;
    expect([end.folder, end.reason, end.latest]).toEqual([run.folder, null, whole.run.latest]);
    expect(recordedIn(end.folder)).toEqual(recordedIn(whole.run.folder));
    using reader = parts.reader();
    expect(reader.events().map(({ message }) => message)).toContain(`Resumed from the checkpoint of step ${checkpoint}.`);
    expect(new Set(reader.events().map(({ id }) => id)).size).toBe(reader.events().length);
  });

  test("with all that a training can remember, is the same too", async () => {
    const write = (workspace: ExampleWorkspace) => writeFileSync(join(workspace.root, "examples/everything.mtl.yaml"), everything);
    const command = ["run", "examples/everything.mtl.yaml", "--json"];
    await using whole = new ExampleWorkspace();
    write(whole);
    expect((await whole.taskscope(...command)).code).toBe(0);
    await using parts = new ExampleWorkspace();
    write(parts);
    const { run, checkpoint } = await killed(parts, command);
    expect(run.status).toBe("crashed");
    expect(checkpoint).toBeGreaterThan(75);
    expect((await parts.taskscope("resume", run.id, "--json")).code).toBe(0);
    expect(recordedIn(parts.run.folder)).toEqual(recordedIn(whole.run.folder));
  });

  test("right after a checkpoint that its records do not know of yet, goes on from the one before", async () => {
    await using workspace = new ExampleWorkspace();
    const { run, checkpoint } = await killed(workspace);
    const checkpoints = join(run.folder, "checkpoints");
    cpSync(join(checkpoints, `step-${checkpoint}`), join(checkpoints, `step-${run.step}`), { recursive: true });
    const { stderr } = await workspace.taskscope("resume", run.id, "--detach");
    expect(stderr).toContain(`from the checkpoint of step ${checkpoint}`);
  });
});

test("a run that was stopped goes on, and counts only the time that it trained", async () => {
  await using workspace = new ExampleWorkspace();
  await workspace.endless();
  expect((await workspace.taskscope("stop", workspace.run.id)).code).toBe(0);
  const { id, step, startedAt, endedAt } = workspace.run;
  const { code, stdout } = await workspace.taskscope("resume", id, "--detach", "--json");
  expect([code, jsonLine(stdout)]).toMatchObject([0, { run: id }]);
  const going = await until(
    "it goes on",
    () => workspace.run,
    (run) => run.status === "running" && run.step > step + 10,
  );
  expect([going.endedAt, going.reason, going.result]).toEqual([null, null, null]);
  expect(Date.now() - (going.startedAt ?? 0)).toBeGreaterThanOrEqual((endedAt ?? 0) - (startedAt ?? 0));
  expect(going.startedAt).toBeGreaterThan(startedAt ?? 0);
  const again = await workspace.taskscope("resume", id);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("is running; there is nothing to resume")]);
});

describe("a run does not go on", () => {
  test("when it is completed", async () => {
    await using workspace = new ExampleWorkspace();
    await workspace.taskscope("run", "examples/penguins.mtl.yaml", "--backend", "wasm", "--set", "training.epochs=1");
    const { code, stderr } = await workspace.taskscope("resume", workspace.run.id);
    expect([code, stderr]).toEqual([2, expect.stringContaining("is completed. To train longer")]);
  });

  test("without a checkpoint", async () => {
    await using workspace = new ExampleWorkspace();
    const { run } = await killed(workspace);
    rmSync(join(run.folder, "checkpoints"), { recursive: true });
    const { code, stderr } = await workspace.taskscope("resume", run.id);
    expect([code, stderr]).toEqual([2, expect.stringContaining("has no checkpoint")]);
    expect(workspace.run).toEqual(run);
  });

  test("from a checkpoint of another experiment or a broken one; what it recorded stays, and a good one serves later", async () => {
    await using workspace = new ExampleWorkspace();
    const { run, checkpoint } = await killed(workspace);
    const before = recordedIn(run.folder);
    const own = join(run.folder, "checkpoints", `step-${checkpoint}`);
    cpSync(own, join(workspace.root, "kept"), { recursive: true });
    await using other = new ExampleWorkspace();
    await other.taskscope("run", "examples/penguins.mtl.yaml", "--backend", "wasm", "--set", "training.epochs=1", "--set", "balancer=mgda");
    const theirs = join(other.run.folder, "checkpoints");
    rmSync(own, { recursive: true });
    cpSync(join(theirs, readdirSync(theirs).find((name) => name.startsWith("step-")) ?? ""), own, { recursive: true });
    const foreign = await workspace.taskscope("resume", run.id, "--json");
    expect([foreign.code, jsonLine(foreign.stdout)]).toMatchObject([
      1,
      { status: "failed", reason: expect.stringContaining("does not belong to the experiment") as unknown },
    ]);
    rmSync(own, { recursive: true });
    mkdirSync(own);
    writeFileSync(join(own, "state.json"), "{");
    const broken = await workspace.taskscope("resume", run.id, "--json");
    expect([broken.code, jsonLine(broken.stdout)]).toMatchObject([
      1,
      { status: "failed", reason: expect.stringContaining(`${basename(own)} cannot be read`) as unknown },
    ]);
    expect(recordedIn(run.folder)).toEqual(before);
    rmSync(own, { recursive: true });
    cpSync(join(workspace.root, "kept"), own, { recursive: true });
    expect((await workspace.taskscope("resume", run.id)).code).toBe(0);
  });
});
