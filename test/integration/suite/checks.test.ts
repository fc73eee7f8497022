import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setup, suite, teardown, test } from "mocha";
import * as vscode from "vscode";
import { closeAll, experimentText, open, until, writeExperiment } from "./workspace.ts";

const good = experimentText({ name: "checked" });
const broken = good.replace("balancer: equal", "balancer: equall").replace("kind: regression", "kind: regresion");

suite("diagnostics", () => {
  let file: vscode.Uri;

  setup(async () => {
    file = writeExperiment("checks", "checked", good);
    await vscode.extensions.getExtension("taskscope.taskscope")?.activate();
  });
  teardown(closeAll);

  const problems = () => vscode.languages.getDiagnostics(file).filter(({ source }) => source === "Taskscope");
  const codes = () => problems().map(codeOf);

  test("appear while typing, on the offending word, and go when it is repaired", async () => {
    const document = await open(file);
    await replaceAll(document, broken);
    const [kind, balancer] = await until("two problems", () => (problems().length === 2 ? problems() : undefined));
    assert.equal(document.getText(kind?.range), "regresion");
    assert.equal(document.getText(balancer?.range), "equall");
    assert.equal(kind?.severity, vscode.DiagnosticSeverity.Error);
    await replaceAll(document, good);
    await until("no problem", () => problems().length === 0);
  });

  test("come with a link to the page that explains their code", async () => {
    const document = await open(file);
    await replaceAll(document, broken);
    const [problem] = await until("problems", () => (problems().length > 0 ? problems() : undefined));
    const code = problem?.code;
    assert.ok(typeof code === "object");
    assert.match(code.target.path, /docs\/checks\.md$/);
    assert.equal(code.target.fragment, String(code.value).toLowerCase());
  });

  test("are the same list as the command line prints", async () => {
    const document = await open(file);
    await replaceAll(document, broken.replace("[x, y]", "[x, z]").replace("batchSize: 16", "batchSize: 1.5"));
    await document.save();
    const shown = await until("problems", () => (problems().length >= 3 ? problems() : undefined));
    const cli = join(vscode.extensions.getExtension("taskscope.taskscope")?.extensionPath ?? "", "dist/cli.cjs");
    const { stdout, status } = spawnSync(process.execPath, [cli, "check", file.fsPath], {
      encoding: "utf8",
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    const lines = stdout.trim().split("\n");
    assert.equal(status, 1);
    assert.equal(lines.length, shown.length);
    shown.forEach(({ range, message, ...problem }, i) => {
      const start = `${file.fsPath}:${range.start.line + 1}:${range.start.character + 1} ${codeOf(problem)}`;
      assert.ok(lines[i]?.endsWith(message), `"${String(lines[i])}" should end with "${message}"`);
      assert.ok(lines[i]?.includes(start.slice(file.fsPath.length)), `"${String(lines[i])}" should hold "${start}"`);
    });
  });

  test("tell what only the data knows", async () => {
    const document = await open(file);
    await replaceAll(document, good.replace("inputs: [x, y]", "inputs: [x, yy]"));
    await until("the unknown column to be marked", () => problems().some(({ range }) => document.getText(range) === "yy"));
  });

  test("go when the file is closed", async () => {
    // Opened as people do: a document that an extension opened stays for minutes after its editor has closed.
    const other = writeExperiment("checks", "closed", broken);
    await vscode.commands.executeCommand("vscode.open", other);
    const problems = () => vscode.languages.getDiagnostics(other);
    await until("two problems", () => problems().length === 2);
    await closeAll();
    await until("no problem", () => problems().length === 0);
  });

  test("have a quick fix that repairs a misspelt word", async () => {
    const document = await open(file);
    await replaceAll(document, good.replace("balancer: equal", "balancer: equall"));
    const [problem] = await until("a problem", () => (problems().length === 1 ? problems() : undefined));
    assert.ok(problem);
    const actions = await codeActions(file, problem.range, vscode.CodeActionKind.QuickFix);
    const preferred = actions.find(({ isPreferred }) => isPreferred === true);
    assert.ok(preferred?.edit, `no preferred fix among ${JSON.stringify(actions.map(({ title }) => title))}`);
    await vscode.workspace.applyEdit(preferred.edit);
    assert.equal(document.getText(), good);
    await until("no problem", () => problems().length === 0);
  });

  test("can all be repaired at once", async () => {
    const document = await open(file);
    await replaceAll(document, broken);
    await until("two problems", () => codes().length === 2);
    const everything = new vscode.Range(0, 0, document.lineCount, 0);
    const [action] = await codeActions(file, everything, vscode.CodeActionKind.SourceFixAll);
    assert.ok(action?.edit);
    await vscode.workspace.applyEdit(action.edit);
    assert.equal(document.getText(), good);
  });
});

async function replaceAll(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
}

async function codeActions(file: vscode.Uri, range: vscode.Range, kind: vscode.CodeActionKind): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand<vscode.CodeAction[]>("vscode.executeCodeActionProvider", file, range, kind.value);
}

function codeOf({ code }: Pick<vscode.Diagnostic, "code">): string {
  return typeof code === "object" ? String(code.value) : String(code);
}
