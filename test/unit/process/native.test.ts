import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identityOf } from "../../../src/runs/process/process-identity.ts";
import { describeOn } from "../backends.ts";
import { ExampleWorkspace, until } from "./command.ts";

const short = ["run", "examples/penguins.mtl.yaml", "--set", "training.epochs=2"];

describeOn("native")("a run on the native backend", () => {
  test("says nothing but what a run says, and records what decides about its last bits", async () => {
    await using workspace = new ExampleWorkspace();
    const { code, stdout, stderr } = await workspace.taskscope(...short, "--backend", "native", "--set", "training.threads=2");
    expect(code).toBe(0);
    const { run } = workspace;
    expect(`${stdout}${stderr}`).not.toMatch(/warn|tensorflow|oneDNN|rebuild|deprecat/i);
    const lines = readFileSync(join(run.folder, "trainer.log"), "utf8").trimEnd().split("\n");
    expect(lines.filter((line) => !/^\d{4}-\d\d-\d\dT[\d:.]+Z /.test(line))).toEqual([]);
    expect(run.description?.backend).toBe("native");
    expect(run.versions).toMatchObject({ threads: "2" });
    expect(run.versions["backend"]).toMatch(/^native 4\.22\.0 with TensorFlow \d+\.\d+\.\d+$/);
    expect((await workspace.taskscope("show", run.id)).stdout).toMatch(/^backend +native 4\.22\.0 with TensorFlow \S+, 2 threads$/m);
    expect(run.description?.compiled).toEqual({ works: true });
    expect((await workspace.taskscope("show", run.id)).stdout).toMatch(/^compiled +yes$/m);
  });

  test("is what `auto` takes, without a word", async () => {
    await using workspace = new ExampleWorkspace();
    expect((await workspace.taskscope(...short, "--backend", "auto")).code).toBe(0);
    expect(workspace.run.description?.backend).toBe("native");
    using reader = workspace.reader();
    expect(reader.events().filter(({ kind }) => kind === "note" || kind === "warning")).toEqual([]);
  });

  test("that goes on with another number of threads says from which step on", async () => {
    await using workspace = new ExampleWorkspace();
    const detached = ["--set", "training.epochs=100000", "--backend", "native", "--detach"];
    expect((await workspace.taskscope("run", "examples/penguins.mtl.yaml", ...detached)).code).toBe(0);
    await until(
      "it trains",
      () => workspace.run,
      ({ step }) => step > 0,
    );
    expect((await workspace.taskscope("stop", workspace.run.id)).code).toBe(0);
    const { folder, id, step } = workspace.run;
    const config = join(folder, "config.mtl.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace("batchSize:", "threads: 2, batchSize:"));
    expect((await workspace.taskscope("resume", id, "--detach")).code).toBe(0);
    using reader = workspace.reader();
    await until(
      "it goes on",
      () => workspace.run,
      (run) => run.step > step,
    );
    const [told, ...more] = reader.events().filter(({ kind }) => kind === "warning");
    expect(told?.message).toMatch(
      /^Until step \d+ this run was trained by native .* \(1 thread\), from here on by native .* \(2 threads\)\./,
    );
    expect([told?.step, more]).toEqual([step, []]);
  });

  test("whose operation takes long goes on beating, hears that it shall stop, and is ended at once when asked to", async () => {
    await using workspace = new ExampleWorkspace();
    // The second convolution alone is 1.3 · 10¹² multiplications: half a minute on a fast processor.
    const trunk = "[{conv2d: {filters: 512, kernelSize: 5}}, {conv2d: {filters: 512, kernelSize: 5}}, globalAveragePooling2d]";
    const sizes = ["--set", `model.trunk=${trunk}`, "--set", "training.batchSize=256", "--set", "data.pairs=1"];
    expect((await workspace.taskscope("run", "examples/multi-mnist.mtl.yaml", "--backend", "native", "--detach", ...sizes)).code).toBe(0);
    using reader = workspace.reader();
    const { folder, id } = workspace.run;
    await until(
      "its first step begins",
      () => reader.summary(),
      ({ description }) => description !== null,
    );
    const before = reader.summary().heartbeatAt ?? 0;
    await until(
      "the heart has beaten twice",
      () => reader.summary().heartbeatAt ?? 0,
      (at) => at > before + 1_500,
    );
    const { child } = workspace.start("stop", id);
    await until(
      "the request was heard",
      () => reader.summary(),
      ({ status }) => status === "stopping",
    );
    // Its training thread has heard nothing: it is in the middle of its operation.
    const { step, owner } = reader.summary();
    expect(step).toBe(0);
    expect(readFileSync(join(folder, "trainer.log"), "utf8")).not.toContain("A stop was requested.");
    expect((await workspace.taskscope("stop", id, "--now")).code).toBe(0);
    expect(workspace.run).toMatchObject({ status: "stopped", step: 0, reason: "Ended at once, on request." });
    expect(identityOf(owner?.pid ?? 0)?.started).not.toBe(owner?.started);
    child.kill();
  });
});
