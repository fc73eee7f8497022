import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { failurePlace } from "../../../src/editor/failure-place.ts";
import { cli, ExampleWorkspace, jsonLine } from "./command.ts";

const file = "examples/custom/custom.mtl.yaml";
const outcome = z.object({
  status: z.string(),
  metrics: z.object({ test: z.record(z.string(), z.record(z.string(), z.number())) }),
  dominance: z.object({ trunk: z.record(z.string(), z.number()), parameters: z.record(z.string(), z.record(z.string(), z.number())) }),
});

/** Puts a fault into a file of the example. */
function edit(workspace: ExampleWorkspace, name: string, passage: string, replacement: string): void {
  const path = join(workspace.root, "examples/custom", name);
  const text = readFileSync(path, "utf8");
  if (!text.includes(passage)) throw new Error(`${name} does not hold ${passage}`);
  writeFileSync(
    path,
    text.replace(passage, () => replacement),
  );
}

/** The step of the last checkpoint that a run has kept. */
function lastCheckpoint({ folder }: { readonly folder: string }): number {
  return Math.max(...readdirSync(join(folder, "checkpoints")).map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? Number.NaN)));
}

describe("the example with data and a network of its own", () => {
  test("checks clean, trains, and shows who owns what each task reaches", async () => {
    await using workspace = new ExampleWorkspace();
    const checked = await workspace.taskscope("check", file);
    expect([checked.code, checked.stdout, checked.stderr]).toEqual([0, "", "No errors.\n"]);
    const { code, stdout } = await workspace.taskscope("run", file, "--json");
    expect(code).toBe(0);
    const told = outcome.parse(jsonLine(stdout));
    expect(told.status).toBe("completed");
    expect(told.metrics.test["second"]?.["r2"]).toBeGreaterThan(0.6);
    expect(told.metrics.test["order"]?.["accuracy"]).toBeGreaterThan(0.65);
    expect(Object.keys(told.dominance.parameters["expert1.kernel"] ?? {})).toEqual(["first", "second", "order"]);
    expect(Object.keys(told.dominance.parameters["numbers.kernel"] ?? {})).toEqual(["first", "second"]);
    expect(told.dominance.parameters["first.gate"]).toBeUndefined();
    expect(workspace.run.description?.parameters.find(({ name }) => name === "first.gate")?.tasks).toEqual(["first"]);
    expect(readdirSync(join(workspace.run.folder, "modules")).sort()).toEqual([
      "data.json",
      "data.mjs",
      "data.mjs.map",
      "model.json",
      "model.mjs",
      "model.mjs.map",
    ]);
    expect(workspace.reader().latest("dominance/numbers.kernel/order")).toBeUndefined();
  });

  test("with an error in it is not run, and the line is told", async () => {
    await using workspace = new ExampleWorkspace();
    edit(workspace, "model.ts", 'options["units"], 24)', 'options["units"], 24).toFixed().length.foo.bar');
    const { code, stderr } = await workspace.taskscope("run", file);
    expect(code).toBe(2);
    expect(stderr).toContain("examples/custom/model.ts:10:68 MTL504 TypeError: Cannot read properties of undefined (reading 'bar')\n");
    edit(workspace, "model.ts", ".toFixed().length.foo.bar", "");
    edit(workspace, "data.ts", "first: y1,", "first: y1.slice(1),");
    const checked = await workspace.taskscope("check", file, "--json");
    expect(checked.code).toBe(1);
    expect(jsonLine(checked.stdout)).toMatchObject([
      {
        diagnostics: [
          {
            line: 4,
            column: 11,
            code: "MTL505",
            message: "train.targets.first has 2999 numbers, and 3000 rows need 3000.",
            origin: { file: join(workspace.root, "examples/custom/data.ts"), line: 13, column: 16 },
          },
        ],
      },
    ]);
  });

  test("fails at the line of an error in a later step, which the editor finds in the run, and keeps what was trained", async () => {
    await using workspace = new ExampleWorkspace();
    edit(
      workspace,
      "model.ts",
      "  return ([x]) => {\n",
      "  let passes = 0;\n  return ([x]) => {\n    if (++passes === 40) throw new RangeError(`no more`);\n",
    );
    const { code, stdout } = await workspace.taskscope("run", file);
    expect(code).toBe(1);
    const { run } = workspace;
    expect([run.status, run.reason]).toEqual(["failed", "model.ts:30:32 RangeError: no more"]);
    expect(stdout).toContain("\nmodel.ts:30:32 RangeError: no more\n");
    expect(failurePlace(run)).toEqual({
      file: join(workspace.root, "examples/custom/model.ts"),
      line: 30,
      column: 32,
      message: "RangeError: no more",
    });
    expect(lastCheckpoint(run)).toBe(36);
    // Two passes try the network out, one finds its reach: the fortieth is the thirty-seventh step.
    expect(
      workspace
        .reader()
        .events()
        .filter(({ kind }) => kind === "state")
        .map(({ step }) => step),
    ).toContain(36);
  });

  test.each([
    ["a promise that nobody awaits", "Promise.reject(new RangeError(`no more`));", "model.ts:30:41 RangeError: no more"],
    ["a timer", "setTimeout(() => { throw new RangeError(`no more`); });", "model.ts:30:51 RangeError: no more"],
    ["process.exit", "process.exit(0);", /^model\.ts:30:34 ProcessExit: process\.exit\(0\) would end the whole training\./],
  ])("fails at the line of an error of %s, and keeps what was trained", async (_, statement, reason) => {
    await using workspace = new ExampleWorkspace();
    const begin = "  return ([x]) => {\n";
    edit(workspace, "model.ts", begin, `  let passes = 0;\n${begin}    if (++passes === 40) ${statement}\n`);
    const { code } = await workspace.taskscope("run", file);
    expect(code).toBe(1);
    const { run } = workspace;
    expect([run.status, run.reason]).toEqual(["failed", typeof reason === "string" ? reason : (expect.stringMatching(reason) as unknown)]);
    expect(failurePlace(run)).toMatchObject({ file: join(workspace.root, "examples/custom/model.ts"), line: 30 });
    // Not before the fortieth pass. How many steps are made until the system tells of the error depends on how fast they are.
    expect(lastCheckpoint(run)).toBeGreaterThanOrEqual(36);
  });

  test("goes on from its own copy after it was stopped, whatever has become of the files", async () => {
    await using workspace = new ExampleWorkspace();
    const { run } = await stopped(workspace);
    edit(workspace, "model.ts", "export default", 'throw new Error("other code");\nexport default');
    const resumed = await workspace.taskscope("resume", run.id);
    expect([resumed.code, resumed.stderr]).toEqual([
      0,
      expect.stringContaining("model.ts changed since the run began; it goes on with its own copy of model.ts."),
    ]);
    expect(workspace.run.status).toBe("completed");
  });
});

async function stopped(workspace: ExampleWorkspace): Promise<ExampleWorkspace> {
  const { child, ended } = workspace.start("run", file, "--set", "training.epochs=8");
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (!hasStep(workspace)) return;
      clearInterval(look);
      resolve();
    }, 50);
  });
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  return workspace;
}

function hasStep(workspace: ExampleWorkspace): boolean {
  try {
    return workspace.run.step > 0;
  } catch {
    return false;
  }
}

describe("where there is no esbuild", () => {
  /** Programs in a folder above which nothing is installed. */
  function withoutEsbuild(): ExampleWorkspace {
    const workspace = new ExampleWorkspace();
    cpSync(dirname(cli), join(workspace.root, "dist"), { recursive: true });
    workspace.program = join(workspace.root, "dist/cli.cjs");
    return workspace;
  }

  test("Node strips the types, to the same numbers, and errors keep their places", async () => {
    await using workspace = withoutEsbuild();
    const short = ["run", file, "--set", "training.epochs=2", "--json"];
    const stripped = await workspace.taskscope(...short);
    expect(stripped.stderr).toContain("No esbuild was found, so model.ts runs with Node's own type stripping.");
    expect(readdirSync(join(workspace.run.folder, "modules")).sort()).toEqual([
      "data.files.json",
      "data.json",
      "model.files.json",
      "model.json",
    ]);
    workspace.program = cli;
    const bundled = await workspace.taskscope(...short);
    expect(outcome.parse(jsonLine(stripped.stdout))).toEqual(outcome.parse(jsonLine(bundled.stdout)));

    workspace.program = join(workspace.root, "dist/cli.cjs");
    const reasons = async (passage: string, replacement: string): Promise<string> => {
      edit(workspace, "model.ts", passage, replacement);
      const { stdout } = await workspace.taskscope("check", file);
      edit(workspace, "model.ts", replacement, passage);
      return stdout;
    };
    expect(await reasons("const rate = ", "const rate = ; ")).toMatch(/^examples\/custom\/model\.ts:11:16 MTL502 Expression expected/);
    expect(await reasons("const rate = ", "enum Rate { low }\n  const rate = ")).toMatch(
      /^examples\/custom\/model\.ts:11:3 MTL502 TypeScript enum is not supported in strip-only mode\. Install esbuild/,
    );
    expect(await reasons("const rate = ", "const rate: number = null!.x ?? ")).toMatch(
      /^examples\/custom\/model\.ts:11:30 MTL504 TypeError: Cannot read properties of null/,
    );
    expect(await reasons('"taskscope";', '"taskscope";\nimport { other } from "./other.ts";\nother();')).toMatch(
      /^examples\/custom\/model\.ts:2:23 MTL502 There is no file "\.\/other\.ts"\./,
    );
    expect(await reasons('"taskscope";', '"taskscope";\nimport "https://example.com/x.js";')).toMatch(
      /^examples\/custom\/model\.ts:2:8 MTL502 "https:\/\/example\.com\/x\.js" is not fetched/,
    );
    expect(await reasons('"taskscope";', '"taskscope";\nimport { nothing } from "@tensorflow/tfjs";\nnothing();')).toMatch(
      /^examples\/custom\/model\.ts:2:\d+ MTL504 SyntaxError: .* does not provide an export named 'nothing'/,
    );
  });

  test("a run that was made so is resumed so", async () => {
    await using workspace = withoutEsbuild();
    const { run } = await stopped(workspace);
    edit(workspace, "data.ts", "export default", 'throw new Error("other code");\nexport default');
    const resumed = await workspace.taskscope("resume", run.id);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining("data.ts changed since the run began")]);
    expect(workspace.run.status).toBe("completed");
  });
});
