import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { checkFacts } from "../../../src/experiment/check-facts.ts";
import type { ExperimentFacts } from "../../../src/experiment/facts.ts";
import { parseExperiment } from "../../../src/experiment/parse.ts";
import { Inspector } from "../../../src/runs/inspector.ts";

/** The real program: the inspector starts the trainer beside it. */
const entry = join(import.meta.dirname, "../../../dist/inspector.cjs");
if (!existsSync(entry)) throw new Error(`${entry} is not built. Run "npm run build" first.`);

let folder = "";
let inspector: Inspector;
let trusted = true;
let lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-trials-"));
  lines = [];
  trusted = true;
  const log = (line: string): void => void lines.push(line);
  inspector = new Inspector({ entry, execPath: process.execPath, log, isTrusted: () => trusted });
  write("t.csv", `x,z,y,k\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 5},${2 * i},${i % 2 === 0 ? "a" : "b"}`).join("\n")}\n`);
});
afterEach(() => {
  inspector.dispose();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

const table = "{file: t.csv, inputs: [x, z]}";

function textOf({ data = table, model = "{module: ./model.ts}", balancer = "equal" } = {}): string {
  return `name: t\ndata: ${data}\ntasks:\n  y: {kind: regression}\n  k: {kind: classification}\nmodel: ${model}\nbalancer: ${balancer}\ntraining: {batchSize: 4}\n`;
}

async function facts(text: string): Promise<ExperimentFacts> {
  const { experiment, diagnostics } = parseExperiment(text);
  if (experiment === undefined) throw new Error(JSON.stringify(diagnostics));
  return inspector.inspect(experiment, folder);
}

/** What a person is told: `file:line:column code message`, the experiment's own lines without a file. */
async function told(text: string): Promise<string[]> {
  const parsed = parseExperiment(text);
  return checkFacts(parsed, await facts(text)).map(({ code, severity, message, range, origin }) => {
    const place =
      origin === undefined
        ? `${range.start.line + 1}:${range.start.column + 1}`
        : `${origin.file.slice(folder.length + 1)}:${origin.line}:${origin.column}`;
    return `${place} ${code} ${severity === "error" ? "" : `${severity}: `}${message}`;
  });
}

const model = `import { defineModel } from "taskscope";
export default defineModel(({ tf, tasks, layer }) => {
  const trunk = layer("trunk", tf.layers.dense({ units: 4 }));
  const heads = tasks.map(({ id, outputs }) => layer(id, tf.layers.dense({ units: outputs })));
  return ([x]) => heads.map((head) => head(trunk(x!)));
});
`;

const data = `import { defineData } from "taskscope";
const rows = (count: number) => ({
  rows: count,
  inputs: { x: new Float32Array(2 * count).fill(0.5) },
  targets: { y: Float32Array.from({ length: count }, (_, i) => i), k: Uint8Array.from({ length: count }, (_, i) => i % 3) },
});
export default defineData(() => ({
  inputs: [{ name: "x", shape: [2] }],
  tasks: { k: { classes: 3 } },
  splits: { train: rows(12), validation: rows(5), test: rows(6) },
}));
`;

describe("a check of the user's own code", () => {
  test("runs it and has nothing to complain about", async () => {
    write("model.ts", model);
    write("data.ts", data);
    expect(await told(textOf())).toEqual([]);
    const own = await facts(textOf({ data: "{module: ./data.ts}" }));
    expect(own).toMatchObject({
      data: { rows: { train: 12, validation: 5, test: 6 }, problems: [] },
      model: { shares: true, problems: [] },
    });
    const layered = await facts(textOf({ data: "{module: ./data.ts}", model: "{trunk: [{dense: {units: 3}}]}" }));
    expect(layered.model.layers.map(({ name, outputShape }) => [name, outputShape])).toEqual([
      ["dense1", [3]],
      ["y.output", [1]],
      ["k.output", [3]],
    ]);
  });

  test("tells errors at their line, and again when the file has changed", async () => {
    write("model.ts", model.replace("layer(id,", 'layer("trunk",'));
    const first = await told(textOf());
    expect(first).toEqual(['model.ts:4:48 MTL504 Error: The name "trunk" is given twice. Names are of one thing each.']);
    write("model.ts", model);
    expect(await told(textOf())).toEqual([]);
    write("model.ts", model.replace("units: 4", "units: ;"));
    expect(await told(textOf())).toEqual(['model.ts:3:57 MTL502 Unexpected ";".']);
    write("data.ts", data.replace("shape: [2]", "shape: [3]"));
    expect(await told(textOf({ data: "{module: ./data.ts}" }))).toEqual([
      "data.ts:7:16 MTL505 train.inputs.x has 24 numbers, and 12 rows of [3] need 36.",
    ]);
    expect(await told(textOf({ data: "{module: ./nowhere.ts}" }))).toEqual([
      "2:16 MTL501 nowhere.ts: There is no such file. The path is relative to the experiment file.",
    ]);
  });

  test("runs it once as long as nothing changes", async () => {
    write("model.ts", model.replace("const trunk", 'console.log("was run"); const trunk'));
    await told(textOf());
    await told(textOf({ balancer: "mgda" }));
    await vi.waitFor(() => expect(lines.filter((line) => line.includes("was run"))).toHaveLength(1));
    write("model.ts", model.replace("const trunk", 'console.log("was run again"); const trunk'));
    await told(textOf());
    await vi.waitFor(() => expect(lines.filter((line) => line.includes("was run again"))).toHaveLength(1));
  });

  test("tells where no weight is shared, an error for a method that needs one", async () => {
    write("model.ts", model.replace("head(trunk(x!))", "head(x!)").replace(/.*const trunk.*\n/, ""));
    const message = (method: string): string =>
      `No weight of this network is reached by more than one task, so \`${method}\` has nothing to balance. Let the tasks share layers.`;
    expect(await told(textOf())).toEqual([`6:17 MTL406 warning: ${message("equal")}`]);
    expect(await told(textOf({ balancer: "mgda" }))).toEqual([`6:17 MTL406 ${message("mgda")}`]);
  });

  test("tells of a weight that no task's output depends on", async () => {
    write(
      "model.ts",
      model
        .replace("const heads", 'context.parameter("idle.kernel", [3]);\n  const heads')
        .replace("({ tf, tasks, layer }) => {", "(context) => {\n  const { tf, tasks, layer } = context;"),
    );
    expect(await told(textOf())).toEqual([
      '6:17 MTL508 warning: No task\'s output depends on the weight "idle.kernel", so it is never trained. Use it in the forward pass, or take it out.',
    ]);
  });

  test("runs nothing of a workspace that is not trusted", async () => {
    trusted = false;
    const mark = join(folder, "was-run");
    const marking = `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(mark)}, ""); `;
    write("model.ts", marking + model);
    write("data.ts", marking + data);
    // Code of the workspace too, in the place of the bundler.
    mkdirSync(join(folder, "node_modules/esbuild"), { recursive: true });
    write("node_modules/esbuild/index.js", `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");`);
    const found = await told(textOf({ data: "{module: ./data.ts}" }));
    expect(found.map((line) => line.replace(/ of this workspace.*/, ""))).toEqual([
      "2:16 MTL507 warning: ./data.ts is code",
      "6:17 MTL507 warning: ./model.ts is code",
    ]);
    expect(existsSync(mark)).toBe(false);
    trusted = true;
    rmSync(join(folder, "node_modules"), { recursive: true });
    await told(textOf({ data: "{module: ./data.ts}" }));
    expect(existsSync(mark)).toBe(true);
  });

  test("tells when it ends its own process", async () => {
    write("model.ts", model.replace("const trunk", "process.reallyExit(3); const trunk"));
    expect(await told(textOf())).toEqual([
      "6:17 MTL504 ./model.ts ended its process (exit code 3). Does it call process.exit, or use up the memory?",
    ]);
  });

  test.each([
    ["process.exit(3);", /^model\.ts:3:11 MTL504 ProcessExit: process\.exit\(3\) would end the whole training/],
    ["Promise.reject(new Error(`nobody waits`));", /^model\.ts:3:18 MTL504 Error: nobody waits$/],
    ["queueMicrotask(() => { throw new Error(`later`); });", /^model\.ts:3:32 MTL504 Error: later$/],
  ])("tells the line of %s", async (statement, reason) => {
    write("model.ts", model.replace("const trunk", `${statement} const trunk`));
    expect(await told(textOf())).toEqual([expect.stringMatching(reason)]);
  });

  test("leaves nothing behind", async () => {
    vi.stubEnv("TMPDIR", folder);
    write("model.ts", model);
    await told(textOf());
    expect(trials()).toEqual([]);
  });
});

describe("code that never returns", () => {
  test("is ended, told, and does not keep other checks waiting", { timeout: 90_000 }, async () => {
    write("model.ts", `while (true) {}\n${model}`);
    const endless = ["6:17 MTL506 ./model.ts did not load within 10 s and was ended. Is there an endless loop in it?"];
    expect(await told(textOf())).toEqual(endless);
    const asked = performance.now();
    expect(await told(textOf({ balancer: "mgda" }))).toEqual(endless);
    await told(textOf({ model: "{trunk: [{dense: {units: 3}}]}" }));
    expect(performance.now() - asked).toBeLessThan(5_000);
    write("data.ts", data.replace("=> ({\n  inputs", "=> { while (true) {} return {\n  inputs").replace("}));\n", "}; });\n"));
    write("model.ts", model);
    const [only] = await told(textOf({ data: "{module: ./data.ts}" }));
    expect(only).toMatch(/^2:16 MTL506 warning: The function of \.\/data\.ts did not finish within 10 s and was ended; a run waits for it/);
  });

  test.runIf(process.platform === "linux")("ends with the inspector", async () => {
    // A place of its own: tests beside this one may try code too.
    vi.stubEnv("TMPDIR", folder);
    write("model.ts", model.replace("const trunk", 'console.log("process", process.pid); while (true) {} const trunk'));
    const asked = facts(textOf()).catch(() => undefined);
    const pid = await vi.waitFor(
      () => {
        const found = /process (\d+)/.exec(lines.join("\n"))?.[1];
        if (found === undefined) throw new Error("it does not run yet");
        return found;
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(trials()).toHaveLength(1);
    inspector.dispose();
    await asked;
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000, interval: 50 });
    expect(trials()).toEqual([]);
  });

  test("takes its folder along with an inspector that goes as soon as there is one", async () => {
    vi.stubEnv("TMPDIR", folder);
    write("model.ts", model);
    const asked = facts(textOf()).catch(() => undefined);
    await vi.waitFor(() => expect(trials()).toHaveLength(1), { timeout: 20_000, interval: 1 });
    inspector.dispose();
    await asked;
    await vi.waitFor(() => expect(trials()).toEqual([]), { timeout: 10_000, interval: 50 });
  });
});

/** The folders of trials that are there. */
function trials(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("taskscope-trial-"));
}

function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
