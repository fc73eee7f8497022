import * as vscode from "vscode";
import type { RunSummary } from "../runs/contract.ts";
import type { CommandId } from "./command-ids.ts";
import type { PageCommand } from "./dashboard/panels.ts";

/** What the buttons of a dashboard do: the same commands as everywhere, so that trust and errors are treated alike. */
export function runPageCommand(command: PageCommand, file: vscode.Uri, run: RunSummary | undefined): void {
  const target = run === undefined ? file : { kind: "run", run };
  switch (command) {
    case "run":
      execute("taskscope.run", file);
      return;
    case "stop":
      execute("taskscope.stop", target);
      return;
    case "stop-now":
      execute("taskscope.stop", { ...(run === undefined ? {} : { kind: "run", run }), now: true });
      return;
    case "show-log":
      execute("taskscope.showLog", target);
      return;
    case "open-config":
      void vscode.window.showTextDocument(file);
      return;
  }
}

function execute(command: CommandId, target: unknown): void {
  void vscode.commands.executeCommand(command, target);
}
