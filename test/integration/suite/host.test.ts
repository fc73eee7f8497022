import assert from "node:assert/strict";
import { suite, test } from "mocha";
import * as vscode from "vscode";

suite("the extension host", () => {
  test("activates Taskscope", async () => {
    const extension = vscode.extensions.getExtension("taskscope.taskscope");
    assert.ok(extension, "taskscope.taskscope is not installed in this host");
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  test("has node:sqlite without a flag", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    assert.deepEqual({ ...database.prepare("select 6 * 7 as answer").get() }, { answer: 42 });
    database.close();
  });
});
