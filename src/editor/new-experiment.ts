import path from "node:path";
import * as vscode from "vscode";
import type { Engine } from "./engine.ts";

export interface NewExperimentRooms extends Pick<Engine, "inspector" | "check"> {
  /** Folder of the extension, with its examples. */
  readonly extension: vscode.Uri;
}

interface Choice extends vscode.QuickPickItem {
  readonly make: () => Promise<vscode.Uri | undefined>;
}

/** Makes a valid experiment file from an example or from a table, and opens it. */
export async function newExperiment(rooms: NewExperimentRooms): Promise<void> {
  const fromTable: Choice = {
    label: vscode.l10n.t("$(table) From a table…"),
    detail: vscode.l10n.t("A CSV, TSV, JSON or Parquet file of yours: its columns become inputs and tasks, for you to change."),
    make: () => experimentFromTable(rooms),
  };
  const fromTables: Choice = {
    label: vscode.l10n.t("$(files) From several tables…"),
    detail: vscode.l10n.t("Two files or more with columns in common: those become the inputs, and each file has tasks of its own."),
    make: () => experimentFromTables(rooms),
  };
  const withCode: Choice = {
    label: vscode.l10n.t("$(code) With code of your own…"),
    detail: vscode.l10n.t("Data and a network in TypeScript: an example to begin from, with the types that the editor needs."),
    make: () => copyCustom(rooms),
  };
  const chosen = await vscode.window.showQuickPick([...(await exampleChoices(rooms)), fromTable, fromTables, withCode], {
    placeHolder: vscode.l10n.t("Begin with an example, or with your own table?"),
  });
  const file = await chosen?.make();
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
      const { dataFiles } = await import("../experiment/data/data-files.ts");
      const files = experiment === undefined ? [] : dataFiles(experiment).map(({ file }) => file);
      return {
        label: `$(beaker) ${name.replace(/\.mtl\.yaml$/, "")}`,
        detail: experiment?.description ?? "",
        make: () => copyExample(source, files),
      };
    }),
  );
}

/** Copies the example and the files it reads; those that are already there stay as they are. */
async function copyExample(source: vscode.Uri, data: readonly string[]): Promise<vscode.Uri | undefined> {
  const folder = await pickFolder();
  if (folder === undefined) return undefined;
  const file = await freeName(folder, path.posix.basename(source.path));
  await vscode.workspace.fs.copy(source, file);
  for (const name of data) {
    const target = vscode.Uri.joinPath(folder, name);
    if (!(await exists(target))) await vscode.workspace.fs.copy(vscode.Uri.joinPath(source, "..", name), target);
  }
  return file;
}

/** Copies the example with code of its own into a folder of its own. */
async function copyCustom({ extension }: NewExperimentRooms): Promise<vscode.Uri | undefined> {
  const folder = await pickFolder();
  if (folder === undefined) return undefined;
  let target = vscode.Uri.joinPath(folder, "custom");
  for (let number = 2; await exists(target); number++) target = vscode.Uri.joinPath(folder, `custom-${number}`);
  await vscode.workspace.fs.copy(vscode.Uri.joinPath(extension, "examples", "custom"), target);
  return vscode.Uri.joinPath(target, "custom.mtl.yaml");
}

async function experimentFromTable({ inspector }: NewExperimentRooms): Promise<vscode.Uri | undefined> {
  const table = await pickTable();
  if (table === undefined) return undefined;
  const { tableExperiment } = await import("./table-experiment.ts");
  const text = await tableExperiment(table.fsPath, await inspector());
  const stem = path.posix.basename(table.path).replace(/\.\w+(\.gz)?$/, "");
  const file = await freeName(vscode.Uri.joinPath(table, ".."), stem);
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  return file;
}

async function experimentFromTables({ inspector }: NewExperimentRooms): Promise<vscode.Uri | undefined> {
  const tables = await pickTables();
  const [first] = tables;
  if (first === undefined) return undefined;
  if (tables.length < 2) throw new Error(vscode.l10n.t("One table is no several: choose two or more, or begin from a table."));
  const { tablesExperiment } = await import("./table-experiment.ts");
  const folder = vscode.Uri.joinPath(first, "..");
  const paths = tables.map(({ fsPath }) => fsPath);
  const text = await tablesExperiment(paths, folder.fsPath, await inspector());
  const stems = tables.map((table) => path.posix.basename(table.path).replace(/\.\w+(\.gz)?$/, ""));
  const file = await freeName(folder, stems.join("-"));
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  return file;
}

/** Several of the workspace's tables; from elsewhere where it has fewer than two. */
async function pickTables(): Promise<readonly vscode.Uri[]> {
  const items = await tablesHere();
  if (items.length < 2) {
    const opened = await vscode.window.showOpenDialog({
      canSelectMany: true,
      filters: tableFilter(),
      openLabel: vscode.l10n.t("Use These Tables"),
    });
    return opened ?? [];
  }
  const chosen = await vscode.window.showQuickPick(items, { canPickMany: true, placeHolder: vscode.l10n.t("Which tables?") });
  return (chosen ?? []).map(({ file }) => file);
}

interface TableItem extends vscode.QuickPickItem {
  readonly file: vscode.Uri;
}

async function tablesHere(): Promise<readonly TableItem[]> {
  const found = await vscode.workspace.findFiles(
    "**/*.{csv,tsv,jsonl,ndjson,parquet,csv.gz,tsv.gz}",
    "**/{node_modules,.taskscope}/**",
    200,
  );
  return found.map((file) => ({ label: vscode.workspace.asRelativePath(file), file })).sort((a, b) => (a.label < b.label ? -1 : 1));
}

function tableFilter(): Record<string, string[]> {
  return { [vscode.l10n.t("Tables")]: ["csv", "tsv", "json", "jsonl", "ndjson", "parquet", "gz"] };
}

/** One of the workspace's tables, or another one. */
async function pickTable(): Promise<vscode.Uri | undefined> {
  const items = await tablesHere();
  const browse = { label: vscode.l10n.t("$(folder-opened) Browse…"), file: undefined };
  const chosen =
    items.length === 0 ? browse : await vscode.window.showQuickPick([...items, browse], { placeHolder: vscode.l10n.t("Which table?") });
  if (chosen === undefined || chosen.file !== undefined) return chosen?.file;
  const opened = await vscode.window.showOpenDialog({ filters: tableFilter(), openLabel: vscode.l10n.t("Use This Table") });
  return opened?.[0];
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
