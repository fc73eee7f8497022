import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRun } from "../../../src/runs/run-folder.ts";
import { RunWriter } from "../../../src/runs/store/run-writer.ts";
import { TemporaryWorkspace } from "../runs/temporary-run.ts";
import { cli, ExampleWorkspace, jsonLine } from "./command.ts";

test.each([
  [["nonsense"], 2, /unknown command/],
  [["check"], 2, /missing required argument/],
  [["check", "nowhere.mtl.yaml"], 2, /nowhere\.mtl\.yaml is not there/],
  [["run", "examples"], 2, /is a folder/],
  [["run", "examples/penguins.mtl.yaml", "--set", "epochs"], 2, /path=value/],
  [["run", "examples/penguins.mtl.yaml", "--set", "trainin.epochs=3"], 2, /Did you mean `training`/],
  [["run", "examples/penguins.mtl.yaml", "--set", "training.epochs=0"], 2, /MTL\d{3}.*\n.*was not run/],
  [["run", "examples/penguins.mtl.yaml", "--set", "training.epochs=abc"], 2, /^--set training\.epochs=abc: MTL103 .*\nerror: /],
  [["run", "examples/penguins.mtl.yaml", "--set", "training.warmup=abc"], 2, /^error: --set: There is no `warmup`/],
  [["run", "examples/penguins.mtl.yaml", "--seed", "1.5"], 2, /whole number/],
  [["show", "nothing"], 2, /^error: There are no runs/],
  [["balancers", "mgdaa"], 2, /^error: There is no balancer "mgdaa"\. Did you mean "mgda"\?/],
  [["balance", "--input", "nowhere.json"], 2, /^error: nowhere\.json could not be read/],
  [["export", "nothing"], 2, /--format/],
  [["--version"], 0, /^$/],
] as const)("taskscope %j ends with %i and says why, without a stack", async (args, code, words) => {
  await using workspace = new ExampleWorkspace();
  const outcome = await workspace.taskscope(...args);
  expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringMatching(words)]);
  expect(outcome.stderr).not.toMatch(/\n {4}at /);
});

test("check prints the place of every problem, and the same as JSON; exit code 1", async () => {
  await using workspace = new ExampleWorkspace();
  const file = join(workspace.root, "examples/penguins.mtl.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("batchSize", "batchSise"));
  appendFileSync(file, "nonsense: 1\n");
  const text = await workspace.taskscope("check", "examples/penguins.mtl.yaml");
  expect(text.code).toBe(1);
  expect(text.stdout).toMatch(/^examples\/penguins\.mtl\.yaml:\d+:\d+ MTL\d{3} .*batchSise/m);
  const { stdout, code } = await workspace.taskscope("check", "examples/penguins.mtl.yaml", "--json");
  expect(code).toBe(1);
  const places = text.stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(":").slice(1, 3).map(Number.parseFloat));
  expect(jsonLine(stdout)).toMatchObject([
    { file: "examples/penguins.mtl.yaml", diagnostics: places.map(([line, column]) => ({ line, column })) },
  ]);
});

test.skipIf(process.platform === "win32")("a pipe as experiment is not waited for", async () => {
  await using workspace = new ExampleWorkspace();
  execFileSync("mkfifo", [join(workspace.root, "a.mtl.yaml")]);
  for (const command of ["check", "run"]) {
    const { code, stderr } = await workspace.taskscope(command, "a.mtl.yaml");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: a\.mtl\.yaml is a pipe/)]);
  }
});

// Nobody may make a folder there, root neither.
test.skipIf(process.platform !== "linux")("a folder that cannot be written says what to do", async () => {
  const order = { experimentFile: "/sys/a.mtl.yaml", config: "", name: "a", balancer: "equal", seed: 0, overrides: [], version: "0" };
  await expect(createRun("/sys", order)).rejects.toThrow(
    /^Runs are kept in \/sys\/\.taskscope, and that cannot be written.* copy the experiment/,
  );
});

test("a warning looks like one, and is counted", async () => {
  await using workspace = new ExampleWorkspace();
  const file = join(workspace.root, "examples/penguins.mtl.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("species: { column", "species: { weight: 2, column"));
  const { code, stdout, stderr } = await workspace.taskscope("check", "examples/penguins.mtl.yaml");
  expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/ MTL209 warning: /), "No errors, 1 warning.\n"]);
});

test("a warning of what --set put in is called one", async () => {
  await using workspace = new ExampleWorkspace();
  const { stderr } = await workspace.taskscope(
    "run",
    "examples/penguins.mtl.yaml",
    "--set",
    "tasks.species.weight=2",
    "--set",
    "training.epochs=1",
  );
  expect(stderr).toMatch(/^--set tasks\.species\.weight=2: MTL209 warning: /m);
});

test("runs in a folder below are told of, and an export that cannot be written names the folder", async () => {
  await using workspace = new ExampleWorkspace();
  await workspace.taskscope("run", "examples/penguins.mtl.yaml", "--set", "training.epochs=1");
  const { id } = workspace.run;
  const exported = await workspace.taskscope("export", id, "--format", "csv", "--out", "nowhere/x.csv");
  expect([exported.code, exported.stderr]).toEqual([
    2,
    `error: nowhere/x.csv cannot be written: there is no folder ${join(workspace.root, "nowhere")}.\n`,
  ]);
  mkdirSync(join(workspace.root, "study"));
  renameSync(join(workspace.root, ".taskscope"), join(workspace.root, "study/.taskscope"));
  mkdirSync(join(workspace.root, ".taskscope"));
  expect((await workspace.taskscope("list")).stderr).toMatch(/^There are more runs in study\. Call "taskscope list" there/m);
  const shown = await workspace.taskscope("show", id);
  expect([shown.code, shown.stderr]).toEqual([
    2,
    expect.stringContaining(`There is one in ${join(workspace.root, "study/.taskscope/runs")}`),
  ]);
  renameSync(join(workspace.root, "study/.taskscope"), join(workspace.root, ".taskscope-back"));
});

test("balance: an error is one line, names the method of the file, and a contradiction is told", async () => {
  await using workspace = new ExampleWorkspace();
  const input = join(workspace.root, "problem.json");
  const write = (jacobian: unknown) => writeFileSync(input, JSON.stringify({ method: "mgda", steps: [{ jacobian }] }));
  write([[1, "a"]]);
  const broken = await workspace.taskscope("balance", "--input", input, "--json");
  expect([broken.code, jsonLine(broken.stdout)]).toEqual([
    1,
    { method: "mgda", error: expect.stringMatching(/^steps\[0\]\.jacobian\[0\]\[1\]: [^\n]*$/) as unknown },
  ]);
  write([
    [1, 0],
    [0, 1],
  ]);
  const other = await workspace.taskscope("balance", "equal", "--input", input, "--json");
  expect([other.code, jsonLine(other.stdout)]).toMatchObject([1, { error: expect.stringContaining('says "mgda"') as unknown }]);
});

test("the examples check clean", async () => {
  await using workspace = new ExampleWorkspace();
  const { code, stdout } = await workspace.taskscope("check", "examples/penguins.mtl.yaml", "examples/multi-mnist.mtl.yaml");
  expect([code, stdout]).toEqual([0, ""]);
});

test("a reader who stops reading is no error", async () => {
  using workspace = new TemporaryWorkspace();
  const folder = workspace.bareRun();
  const writer = RunWriter.open(folder);
  for (let step = 0; step < 200_000; step++) writer.scalar("loss/a", step, step);
  writer.commit(0);
  writer.close();
  const child = spawn(process.execPath, [cli, "export", folder, "--format", "csv"], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child, "close");
  expect([child.exitCode, stderr]).toEqual([0, ""]);
  rmSync(folder, { recursive: true });
});
