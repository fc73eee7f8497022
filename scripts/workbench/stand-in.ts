#!/usr/bin/env node
// Stands in for the desktop `code` where `runTests` of @vscode/test-electron starts it: takes the same arguments, opens the
// web workbench in a browser, and ends with the code that the test module gives.
import { createWriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { launchBrowser } from "./browser.ts";
import { startWorkbench } from "./server.ts";

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: { extensionDevelopmentPath: { type: "string" }, extensionTestsPath: { type: "string" } },
});
const [folder] = positionals;
const { extensionDevelopmentPath: extension, extensionTestsPath: tests } = values;
if (folder === undefined || typeof extension !== "string" || typeof tests !== "string") {
  throw new Error("stand-in.ts FOLDER --extensionDevelopmentPath=… --extensionTestsPath=…");
}

// The workbench tells much that matters only when a test fails.
const logFile = process.env["TASKSCOPE_TEST_LOG"];
if (logFile === undefined) throw new Error("TASKSCOPE_TEST_LOG does not name a file for what the workbench prints.");
const log = createWriteStream(logFile);

const workbench = await startWorkbench({ extension, folder, tests, trust: "all", say: console.error });
try {
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const code = new Promise<number>((resolve) => {
    void page.exposeFunction("codeAutomationExit", resolve);
    page.once("crash", () => {
      console.error("The workbench page crashed.");
      resolve(1);
    });
  });
  await page.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) => {
    log.write(`${type} ${args.map(String).join(" ")}\n`);
  });
  await page.goto(workbench.url);
  process.exitCode = await code;
  await browser.close();
} finally {
  await workbench.stop();
  log.end(workbench.output());
}
