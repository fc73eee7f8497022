import assert from "node:assert/strict";
import { suite, test } from "mocha";
import * as vscode from "vscode";
import { commandIds } from "../../../src/editor/command-ids.ts";

suite("commands", () => {
  test("of the manifest are all there, and no others", async () => {
    await vscode.extensions.getExtension("taskscope.taskscope")?.activate();
    const registered = (await vscode.commands.getCommands(true)).filter((id) => commandIds.some((known) => known === id));
    assert.deepEqual(registered.sort(), [...commandIds].sort());
  });

  test("that copy a path do so for a file", async () => {
    await vscode.commands.executeCommand("taskscope.copyPath", vscode.Uri.file("/somewhere/a.mtl.yaml"));
    assert.equal(await vscode.env.clipboard.readText(), "/somewhere/a.mtl.yaml");
  });
});
