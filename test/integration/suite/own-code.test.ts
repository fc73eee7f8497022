import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setup, suite, teardown, test } from "mocha";
import * as vscode from "vscode";
import { closeAll, experimentText, open, until, writeExperiment } from "./workspace.ts";

const model = `import { defineModel } from "taskscope";
export default defineModel(({ tf, tasks, layer }) => {
  const trunk = layer("trunk", tf.layers.dense({ units: 4 }));
  const heads = tasks.map(({ id, outputs }) => layer(id, tf.layers.dense({ units: outputs })));
  let passes = 0;
  return ([x]) => {
    passes += 1;
    return heads.map((head) => head(trunk(x)));
  };
});
`;

suite("code of the user's own", function () {
  this.timeout(120_000);

  let experiment: vscode.Uri;
  let code: vscode.Uri;

  setup(async () => {
    const text = experimentText({ name: "owned" }).replace(/model:\n(?: {2}.*\n)+/, "model: {module: ./model.ts}\n");
    experiment = writeExperiment("own-code", "owned", text);
    code = vscode.Uri.file(join(dirname(experiment.fsPath), "model.ts"));
    writeFileSync(code.fsPath, model);
    await vscode.extensions.getExtension("taskscope.taskscope")?.activate();
  });
  teardown(closeAll);

  const problems = (file: vscode.Uri) =>
    vscode.languages.getDiagnostics(file).filter(({ source }) => source?.startsWith("Taskscope") === true);

  test("has its errors underlined in its own file, and told in the experiment, until it is repaired", async () => {
    writeFileSync(code.fsPath, model.replace("layer(id,", 'layer("trunk",'));
    await open(experiment);
    const [problem] = await until("a problem in the module", () => (problems(code).length > 0 ? problems(code) : undefined));
    assert.match(problem?.message ?? "", /The name "trunk" is given twice/);
    assert.deepEqual([problem?.range.start.line, problem?.range.start.character], [3, 47]);
    const [told] = problems(experiment);
    assert.match(told?.message ?? "", /^model\.ts:4:48 Error: The name "trunk" is given twice/);
    assert.equal(told?.relatedInformation?.[0]?.location.uri.fsPath, code.fsPath);
    const document = await open(code);
    await replaceAll(document, model);
    await document.save();
    await until("no problem", () => problems(code).length === 0 && problems(experiment).length === 0);
  });

  test("shows where a run failed, until the file is edited", async () => {
    const late = model.replace("passes += 1;", 'if (++passes > 9) throw new Error("late");');
    writeFileSync(code.fsPath, late);
    await vscode.commands.executeCommand("taskscope.run", experiment);
    const [problem] = await until("a problem in the module", () => (problems(code).length > 0 ? problems(code) : undefined), 60_000);
    assert.equal(problem?.message, "Error: late");
    assert.match(problem.source ?? "", /^Taskscope run .*owned$/);
    assert.deepEqual([problem.range.start.line, problem.range.start.character], [6, late.split("\n")[6]?.indexOf("new")]);
    const document = await open(code);
    await replaceAll(document, model);
    await until("no problem", () => problems(code).length === 0);
    await document.save();
  });

  test("gets the types that the editor needs", async () => {
    await vscode.commands.executeCommand("taskscope.writeTypes", experiment);
    const types = join(dirname(experiment.fsPath), "taskscope.d.ts");
    assert.match(readFileSync(types, "utf8"), /declare module "taskscope"/);
  });
});

async function replaceAll(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
}
