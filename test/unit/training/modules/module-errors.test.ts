import { describe, expect, test } from "vitest";
import { modelOf, OwnCode } from "./own-code.ts";

/** A network without fault; each case puts one fault into it. */
const sound = modelOf(
  `  const { layer, tasks } = context;
  let passes = 0;
  const heads = tasks.map(({ id, outputs }) => layer(id, tf.layers.dense({ units: outputs })));
  return ([x]: readonly tf.Tensor[], { training }: { training: boolean }) => {
    passes += training ? 1 : 0;
    return heads.map((head) => head(x!));
  };`,
);

type Case = readonly [what: string, passage: string, replacement: string, reason: string | RegExp];

const cases: readonly Case[] = [
  ["a syntax error", "let passes = 0;", "let passes = ;", 'model.ts:5:16 Unexpected ";".'],
  ["a syntax error behind letters of two bytes", "let passes = 0;", 'let é = "ü", passes = ;', 'model.ts:5:25 Unexpected ";".'],
  ["an import that leads nowhere", '"@tensorflow/tfjs"', '"./nowhere.ts"', 'model.ts:2:21 Could not resolve "./nowhere.ts".'],
  [
    "an import of what is not there",
    'import * as tf from "@tensorflow/tfjs";',
    'import * as tf from "@tensorflow/tfjs"; import { nothing } from "@tensorflow/tfjs-core"; nothing();',
    'model.ts:2:50 No matching export in "@tensorflow/tfjs-core" for import "nothing".',
  ],
  [
    "an import over the network",
    '"@tensorflow/tfjs"',
    '"https://cdn.example/tf.js"',
    /^model\.ts:2:21 "https:\/\/cdn\.example\/tf\.js" is not fetched/,
  ],
  [
    "an import from inside of our packages",
    '"@tensorflow/tfjs"',
    '"@tensorflow/tfjs-core/dist/tape"',
    /^model\.ts:2:21 .* Import from "@tensorflow\/tfjs-core"\.$/,
  ],
  ["an error at load", "export default", 'throw new RangeError("at load");\nexport default', "model.ts:3:7 RangeError: at load"],
  ["something thrown that is no error", "export default", "throw { code: 7 };\nexport default", "model.ts: It threw { code: 7 }"],
  ["no default export", "export default", "export const model =", /^model\.ts: It has no default export/],
  [
    "another default export",
    "export default defineModel(",
    "export default (",
    /^model\.ts: Its default export is not made with defineModel/,
  ],
  ["a data module", "{ defineModel }", "{ defineData as defineModel }", /^model\.ts: Its default export is made with another function/],
  [
    "an error while the network is made",
    "let passes = 0;",
    "let passes: number = (context as any).no.such;",
    "model.ts:5:44 TypeError: Cannot read properties of undefined (reading 'such')",
  ],
  ["a bad name", "layer(id,", "layer(`a/${id}`,", /^model\.ts:6:48 TypeError: "a\/kind" cannot be a name/],
  ["a name given twice", "layer(id,", 'layer("same",', 'model.ts:6:48 Error: The name "same" is given twice. Names are of one thing each.'],
  [
    "a forward function that is none",
    "return ([x]",
    "return 5; return ([x]",
    /^model\.ts:3:16 The function given to defineModel must return a forward function/,
  ],
  [
    "a shape that does not fit",
    "head(x!)",
    "head(tf.reshape(x!, [-1, 3]))",
    "model.ts:9:40 Error: The implicit shape can't be a fractional number. Got 8 / 3",
  ],
  [
    "a wrong output",
    "head(x!)",
    "x!",
    'model.ts:3:16 The forward function returned [2, 4] for the task "kind", and it must be [2, 2]: one logit for each of its classes.',
  ],
  [
    "an output of integers",
    "head(x!)",
    "head(x!).toInt()",
    /^model\.ts:3:16 The forward function returned \[2, 2\] of int32 for the task "kind"/,
  ],
  [
    "an output too few",
    "return heads.map((head) => head(x!))",
    "return [heads[0]!(x!)]",
    "model.ts:3:16 The forward function returned 1 outputs; the tasks are kind, size.",
  ],
  [
    "an output of another width, whose loss is not that of a likelihood",
    "return heads.map((head) => head(x!))",
    "return { kind: heads[0]!(x!), size: heads[0]!(x!) }",
    /for the task "size", and it must be \[2, 1\]: one number for each of its components\.$/,
  ],
  [
    "an output for no task",
    "return heads.map((head) => head(x!))",
    "return { kind: heads[0]!(x!), mass: heads[1]!(x!) }",
    /returned an output for "mass"; the tasks are kind, size\.$/,
  ],
  [
    "no output for a task",
    "return heads.map((head) => head(x!))",
    "return { kind: heads[0]!(x!) }",
    /returned no tensor for the task "size"; it must be \[2, 1\]\.$/,
  ],
  ["an async forward function", "return ([x]:", "return async ([x]:", /^model\.ts:3:16 The forward function must not be async/],
  [
    "a variable without a name",
    "layer(id, tf.layers.dense({ units: outputs }))",
    "((d) => (x: tf.Tensor) => d.apply(x) as tf.Tensor)(tf.layers.dense({ units: outputs }))",
    /^model\.ts:3:16 4 variables have no name \(\[4, 2\], \[2\], \[4, 1\], …\)/,
  ],
  [
    "an error in a later step",
    "passes += training ? 1 : 0;",
    "if (++passes > 9)\n      throw new Error(`late`);",
    "model.ts:9:13 Error: late",
  ],
  [
    "an error in a step while training alone",
    "passes += training ? 1 : 0;",
    "if (training) tf.matMul(x!, x!);",
    /^model\.ts:8:22 Error: Error in matMul: inner shapes/,
  ],
];

describe("the place of", () => {
  test.each(cases)("%s is told", async (_what, passage, replacement, reason) => {
    expect(sound).toContain(passage);
    const failure = await new OwnCode({ "model.ts": sound.replace(passage, () => replacement) }).failure();
    const [name, ...message] = failure.split(" ");
    expect(name).toBe("ModuleError");
    if (typeof reason === "string") expect(message.join(" ")).toBe(reason);
    else expect(message.join(" ")).toMatch(reason);
  });

  test("an error in a file that the module imports is told", async () => {
    const own = new OwnCode({
      "model.ts": sound.replace("let passes = 0;", "let passes = broken();"),
      "other.ts": "\n\nexport function broken(): number {\n  return null!.x;\n}\n",
    });
    own.write("model.ts", `import { broken } from "./other.ts";\n${sound.replace("let passes = 0;", "let passes = broken();")}`);
    expect(await own.failure()).toBe("ModuleError other.ts:4:16 TypeError: Cannot read properties of null (reading 'x')");
  });

  test("a file that is not there is told", async () => {
    expect(await new OwnCode().failure()).toBe("ModuleError model.ts: There is no such file. The path is relative to the experiment file.");
  });
});

test("without a fault it trains", async () => {
  expect(await new OwnCode({ "model.ts": sound }).failure()).toBe("nothing");
});

test("what was trained before an error in a later step is in a checkpoint", async () => {
  const own = new OwnCode({ "model.ts": sound.replace("passes += training ? 1 : 0;", "if (++passes > 9) throw new Error(`late`);") });
  const { recorder } = await own.train("a", { until: 0 });
  await expect(own.train("b")).rejects.toThrow("late");
  expect(recorder.events.map(({ kind }) => kind)).toEqual(["checkpoint"]);
});

test("a module finds its own files, and asks Node for its own modules, as if it were not bundled", async () => {
  const own = new OwnCode({ "units.txt": "6" });
  own.write(
    "tools.cjs",
    `const fs = require("node:fs"); const { join } = require("node:path"); exports.units = () => Number(fs.readFileSync(join(__dirname, "units.txt"), "utf8"));`,
  );
  own.write(
    "model.ts",
    `import { createRequire } from "node:module";\nimport { units } from "./tools.cjs";\nconst require = createRequire(import.meta.url);\n${sound.replace("let passes = 0;", 'let passes = 0;\n  layer("wide", tf.layers.dense({ units: units() })); if (import.meta.dirname !== context.options["folder"] || require("./tools.cjs").units() !== 6) throw new Error(import.meta.dirname);').replace("head(x!)", "head(x!)")}`,
  );
  expect(await own.failure({ model: { module: "./model.ts", options: { folder: own.folder } } })).toBe("nothing");
});
