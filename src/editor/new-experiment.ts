import path from "node:path";
import * as vscode from "vscode";
import type { Engine } from "./engine.ts";

export interface NewExperimentRooms extends Pick<Engine, "inspector" | "check"> {
  /** Folder of the extension, with its examples. */
  readonly extension: vscode.Uri;
}

interface Choice extends vscode.QuickPickItem {
  readonly make: (folder: vscode.Uri) => Promise<vscode.Uri | undefined>;
}

/** Makes a valid experiment file from an example or from a table, and opens it. */
export async function newExperiment(rooms: NewExperimentRooms): Promise<void> {
  const examples = await exampleChoices(rooms);
  const chosen = await vscode.window.showQuickPick(examples, { placeHolder: vscode.l10n.t("Begin with an example, or with your own table?") });
  if (chosen === undefined) return;
  const folder = await pickFolder();
  if (folder === undefined) return;
  const file = await chosen.make(folder);
  if (file !== undefined) await vscode.window.showTextDocument(file);
}

async function exampleChoices({ extension }: NewExperimentRooms): Promise<Choice[]> {
  const folder = vscode.Uri.joinPath(extension, "examples");
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name).filter((name) => name.endsWith(".mtl.yaml"));
  return Promise.all(
    names.sort().map(async (name) => {
      const { parseExperiment } = await import("../experiment/parse.ts");
      const source = vscode.Uri.joinPath(folder, name);
      const { experiment } = parseExperiment(await readText(source));
      const table = experiment !== undefined && "file" in experiment.data ? experiment.data.file : undefined;
      return {
        label: name.replace(/\.mtl\.yaml$/, ""),
        detail: experiment?.description ?? "",
        make: (target) => copyExample(source, table, target),
      };
    }),
  );
}

/** Copies the example and the table it reads; files that are already there stay as they are. */
async function copyExample(source: vscode.Uri, table: string | undefined, folder: vscode.Uri): Promise<vscode.Uri> {
  const file = await freeName(folder, path.posix.basename(source.path));
  await vscode.workspace.fs.copy(source, file);
  if (table !== undefined) {
    const target = vscode.Uri.joinPath(folder, table);
    if (!(await exists(target))) await vscode.workspace.fs.copy(vscode.Uri.joinPath(source, "..", table), target);
  }
  return file;
}

async function pickFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [only] = folders;
  if (only === undefined) throw new Error(vscode.l10n.t("Open a folder first: an experiment and its runs are kept in one."));
  if (folders.length === 1) return only.uri;
  return (await vscode.window.showWorkspaceFolderPick())?.uri;
}

/** `name`, or with a number before its extensions when that is taken. */
async function freeName(folder: vscode.Uri, name: string): Promise<vscode.Uri> {
  const stem = name.replace(/\.mtl\.yaml$/, "");
  for (let number = 1; ; number++) {
    const file = vscode.Uri.joinPath(folder, `${number === 1 ? stem : `${stem}-${number}`}.mtl.yaml`);
    if (!(await exists(file))) return file;
  }
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") return false;
    throw error;
  }
}

async function readText(file: vscode.Uri): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
}
