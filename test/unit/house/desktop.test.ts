import { expect, test } from "vitest";
import { programsOnPath } from "../../../scripts/workbench/desktop.ts";

test("on Windows the program beside the batch file is started, not the batch file", () => {
  const path = "C:\\Windows;C:\\Users\\ada\\AppData\\Local\\Programs\\Microsoft VS Code\\bin;";
  expect(programsOnPath(path, "win32")).toEqual(["C:\\Code.exe", "C:\\Users\\ada\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe"]);
});

test.each(["linux", "darwin"] as const)("on %s the command itself is started", (platform) => {
  expect(programsOnPath("/usr/local/bin:/usr/bin:", platform)).toEqual(["/usr/local/bin/code", "/usr/bin/code"]);
});
