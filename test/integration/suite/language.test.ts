import assert from "node:assert/strict";
import { setup, suite, teardown, test } from "mocha";
import * as vscode from "vscode";
import { closeAll, experimentText, open, until, writeExperiment } from "./workspace.ts";

const text = experimentText({ name: "helped" });

suite("help while typing", () => {
  let document: vscode.TextDocument;

  setup(async () => {
    await vscode.extensions.getExtension("taskscope.taskscope")?.activate();
    document = await open(writeExperiment("language", "helped", text));
  });
  teardown(closeAll);

  const after = (part: string) => document.positionAt(document.getText().indexOf(part) + part.length);

  async function completions(position: vscode.Position): Promise<string[]> {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      "vscode.executeCompletionItemProvider",
      document.uri,
      position,
    );
    return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
  }

  test("keeps the file YAML", () => {
    assert.equal(document.languageId, "yaml");
  });

  test("offers every balancer of the catalogue", async () => {
    const offered = await completions(after("balancer: "));
    for (const method of ["equal", "static", "uncertainty", "mgda", "adatask"])
      assert.ok(offered.includes(method), `${method} is not among ${offered.join(", ")}`);
  });

  test("offers keys that are not there yet", async () => {
    const offered = await completions(after("training: {epochs: 2, "));
    assert.ok(offered.includes("seed"), offered.join(", "));
  });

  test("offers the table's columns", async () => {
    await until("the columns", async () => (await completions(after("inputs: ["))).includes("height"));
  });

  test("explains a balancer", async () => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", document.uri, after("balancer: eq"));
    const words = hovers
      .flatMap(({ contents }) => contents.map((part) => (part instanceof vscode.MarkdownString ? part.value : JSON.stringify(part))))
      .join("\n");
    assert.match(words, /weight/i);
  });

  test("has Run above the first line, and Open Dashboard only where there are runs", async () => {
    const lenses = await until("lenses", async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri);
      return found.length > 0 && found;
    });
    assert.deepEqual(
      lenses.map(({ range, command }) => [range.start.line, command?.title, command?.command]),
      [[0, "▶ Run", "taskscope.run"]],
    );
  });
});
