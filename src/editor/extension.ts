import * as vscode from "vscode";
import { Checker } from "./checker.ts";
import { CodeProblems } from "./code-problems.ts";
import { registerCommands } from "./commands.ts";
import { keepContextKeys } from "./context-keys.ts";
import { DashboardPanels, panelType } from "./dashboard/panels.ts";
import { engine } from "./engine.ts";
import { ExperimentFiles, experimentSelector } from "./experiment-files.ts";
import { ExperimentsTree, showTree } from "./experiments-tree.ts";
import { LanguageHelp } from "./language-help.ts";
import { runPageCommand } from "./page-commands.ts";
import { QuickFixes } from "./quick-fixes.ts";
import { RunFailures } from "./run-failures.ts";
import { RunFindings } from "./run-findings.ts";
import { RunLens } from "./run-lens.ts";
import { RunMonitor } from "./run-monitor.ts";
import { showActiveRuns } from "./status-bar.ts";
import { Targets } from "./targets.ts";
import { showWantedFile } from "./wanted-file.ts";

/** The composition root: makes the rooms, hands each what it needs, and owns them all. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Taskscope", { log: true });
  const { extensionUri: extension } = context;
  const rooms = engine({
    dist: vscode.Uri.joinPath(extension, "dist").fsPath,
    version: versionOf(context),
    log,
    isTrusted: () => vscode.workspace.isTrusted,
  });
  const { source, control, check, inspector, columnsOf } = rooms;

  const files = new ExperimentFiles();
  const runs = new RunMonitor(source, files, log);
  const code = new CodeProblems();
  const checker = new Checker(check, vscode.Uri.joinPath(extension, "docs", "checks.md"), code, log);
  const targets = new Targets(files, runs);
  const panels = new DashboardPanels({ runs, extension, log, command: runPageCommand });
  const tree = new ExperimentsTree(files, runs);
  const lens = new RunLens(runs);
  const help = new LanguageHelp(columnsOf);

  context.subscriptions.push(
    log,
    rooms,
    files,
    runs,
    checker,
    panels,
    tree,
    lens,
    code,
    new RunFindings(runs, log),
    new RunFailures(runs, code, log),
    showTree(tree, runs),
    showActiveRuns(runs),
    keepContextKeys(files, runs),
    registerCommands({ control, check, inspector, runs, targets, panels, extension }, log),
    vscode.window.registerWebviewPanelSerializer(panelType, panels),
    vscode.languages.registerCodeLensProvider(experimentSelector, lens),
    vscode.languages.registerCompletionItemProvider(experimentSelector, help, " ", ":", "{", "[", ","),
    vscode.languages.registerHoverProvider(experimentSelector, help),
    vscode.languages.registerCodeActionsProvider(experimentSelector, new QuickFixes(checker), {
      providedCodeActionKinds: QuickFixes.kinds,
    }),
  );
  void showWantedFile(process.env["TASKSCOPE_SHOW"]);
  // Finding the files looks at their runs, too.
  void files.search();
}

function versionOf({ extension }: vscode.ExtensionContext): string {
  const manifest: unknown = extension.packageJSON;
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : undefined;
  return typeof version === "string" ? version : "unknown";
}
