import path from "node:path";
import * as vscode from "vscode";
import { runFiles, type RunSummary } from "../../runs/contract.ts";
import { pathKey } from "../../runs/path-key.ts";
import type { FromPage, PanelState } from "../protocol.ts";
import { runsRootOf } from "../experiment-files.ts";
import type { RunMonitor } from "../run-monitor.ts";
import { dashboardPage } from "./page.ts";
import type { DashboardSession } from "./session.ts";

/** Type of the panel; the manifest's `onWebviewPanel` event names it too. */
export const panelType = "taskscope.dashboard";

/** What the panels need of the other rooms of the editor. */
export interface PanelRooms {
  readonly runs: RunMonitor;
  readonly extension: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  /** What a button of the page asks for. */
  readonly command: (command: PageCommand, file: vscode.Uri, run: RunSummary | undefined) => void;
}

export type PageCommand = Extract<FromPage, { type: "command" }>["command"];

interface OpenPanel {
  readonly panel: vscode.WebviewPanel;
  readonly session: DashboardSession;
  state: PanelState;
}

/** The dashboards: one panel for each experiment file, restored after a reload of the window. */
export class DashboardPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #rooms: PanelRooms;
  /** By the key of the experiment file's path. */
  readonly #open = new Map<string, OpenPanel>();

  constructor(rooms: PanelRooms) {
    this.#rooms = rooms;
  }

  /** Opens the dashboard of an experiment, or brings the open one to the front; `run` is shown, else the newest. */
  async show(experimentFile: string, run: RunSummary | undefined): Promise<void> {
    const parts = await loadParts();
    const open = this.#open.get(pathKey(experimentFile));
    if (open === undefined) {
      const panel = vscode.window.createWebviewPanel(panelType, titleOf(experimentFile), vscode.ViewColumn.Active, {});
      this.#attach(panel, { experimentFile, run: run?.id ?? null, view: "overview", page: {} }, parts);
      return;
    }
    if (run !== undefined) open.session.show({ ...open.state, run: run.id });
    open.panel.reveal();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parts = await loadParts();
    const kept = parts.parsePanelState(state);
    if (kept === undefined || this.#open.has(pathKey(kept.experimentFile))) {
      this.#rooms.log.warn("A dashboard could not be restored: what it kept is not readable, or it is open already.");
      panel.dispose();
      return;
    }
    // The run that was shown may still be going: its state is needed before the page asks for it.
    this.#rooms.runs.addRoot(runsRootOf(vscode.Uri.file(kept.experimentFile)));
    await this.#rooms.runs.refresh();
    this.#attach(panel, kept, parts);
  }

  dispose(): void {
    for (const { panel } of [...this.#open.values()]) panel.dispose();
  }

  #attach(panel: vscode.WebviewPanel, state: PanelState, { DashboardSession, RunReader, logTail }: Parts): void {
    const { runs, extension, log, command } = this.#rooms;
    const dist = vscode.Uri.joinPath(extension, "dist");
    const file = vscode.Uri.file(state.experimentFile);
    const session = new DashboardSession(
      {
        post: (message) => panel.webview.postMessage(message),
        now: () => Date.now(),
        experiment: () => ({
          name: titleOf(state.experimentFile),
          file: state.experimentFile,
          trusted: vscode.workspace.isTrusted,
        }),
        runs: () => runs.of(state.experimentFile),
        open: ({ folder }) => RunReader.open(folder),
        logTail: ({ folder }, lines) => logTail(path.join(folder, runFiles.log), lines),
        command: (name, run) => command(name, file, run),
        keep: (kept) => {
          entry.state = kept;
        },
        complain: (message) => log.warn(`Dashboard of ${state.experimentFile}: ${message}`),
      },
      state,
    );
    const entry: OpenPanel = { panel, session, state };
    this.#open.set(pathKey(state.experimentFile), entry);
    const subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => session.receive(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) session.hide();
      }),
      runs.onDidChange(() => session.runsChanged()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => session.runsChanged()),
    ];
    panel.onDidDispose(() => {
      this.#open.delete(pathKey(state.experimentFile));
      session.dispose();
      for (const subscription of subscriptions) subscription.dispose();
    });
    panel.iconPath = vscode.Uri.joinPath(extension, "media", "icon.svg");
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    panel.webview.html = dashboardPage(panel.webview, dist);
  }
}

type Parts = Awaited<ReturnType<typeof loadParts>>;

/** What only an open dashboard needs; activation does not wait for it. */
async function loadParts() {
  const [{ DashboardSession }, { parsePanelState }, { RunReader }, { logTail }] = await Promise.all([
    import("./session.ts"),
    import("./messages.ts"),
    import("../../runs/store/run-reader.ts"),
    import("./log-tail.ts"),
  ]);
  return { DashboardSession, parsePanelState, RunReader, logTail };
}

function titleOf(experimentFile: string): string {
  return path.basename(experimentFile).replace(/\.mtl\.yaml$/, "");
}
