import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fetchWorkbench } from "./fetch.ts";
import { pinnedWorkbench } from "./pinned.ts";
import { endGroup, ownGroup } from "./processes.ts";

export interface WorkbenchRequest {
  /** Folder of the extension under development; none starts the plain workbench. */
  readonly extension?: string;
  /** Folder to open. */
  readonly folder: string;
  /** File that the extension shows in a window without editors. */
  readonly file?: string;
  /** Module with `run()`, run inside the extension host after the start. */
  readonly tests?: string;
  /** The user's settings, over the quiet ones below. */
  readonly userSettings?: Readonly<Record<string, unknown>>;
  /** `ask` leaves workspace trust on as for a new user; `all` trusts every folder. */
  readonly trust: "ask" | "all";
  /** Variables for the extension host. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Keeps the user's data (settings, state) here instead of a new folder that goes with the server. */
  readonly dataFolder?: string;
  readonly say?: (message: string) => void;
}

export interface Workbench {
  /** Address of the page. */
  readonly url: string;
  readonly dataFolder: string;
  /** Everything the server printed. */
  output(): string;
  stop(): Promise<void>;
}

/** No tips, no welcome page, no look-ups: a test sees only what it asks for. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "window.commandCenter": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "extensions.ignoreRecommendations": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "typescript.disableAutomaticTypeAcquisition": true,
  "json.schemaDownload.enable": false,
  "npm.fetchOnlinePackageInfo": false,
};

/** Time for the server to listen; it takes a fraction of a second on an idle machine. */
const startLimit = 60_000;

/** Starts VS Code's web workbench on a free port of this machine. Ends with `stop()`, and at the latest with this process. */
export async function startWorkbench(request: WorkbenchRequest): Promise<Workbench> {
  const product = await fetchWorkbench(pinnedWorkbench(), request.say ?? (() => undefined));
  const dataFolder = request.dataFolder ?? (await mkdtemp(join(tmpdir(), "taskscope-workbench-")));
  const settings = join(dataFolder, "data/User/settings.json");
  await mkdir(join(dataFolder, "data/User"), { recursive: true });
  await writeFile(settings, JSON.stringify({ ...quietSettings, ...request.userSettings }, null, 2));
  const server = spawn(process.env["TASKSCOPE_WORKBENCH_NODE"] ?? process.execPath, serverArguments(product, dataFolder, request.trust), {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      EXTENSIONS_GALLERY: "{}",
      ...(request.file === undefined ? {} : { TASKSCOPE_SHOW: request.file }),
      ...request.environment,
    },
  });
  ownGroup(server, "SIGKILL");
  const lines: string[] = [];
  const stop = async (): Promise<void> => {
    await endGroup(server);
    if (request.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const port = await listeningPort(server, lines);
    return { url: pageAddress(port, request), dataFolder, output: () => lines.join("\n"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function serverArguments(product: string, dataFolder: string, trust: WorkbenchRequest["trust"]): string[] {
  return [
    join(product, "out/server-main.js"),
    ...["--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--accept-server-license-terms"],
    ...["--telemetry-level", "off", "--server-data-dir", dataFolder, "--extensions-dir", join(dataFolder, "extensions")],
    // Without it a built workbench ignores the extension under development and its tests.
    "--enable-smoke-test-driver",
    ...(trust === "all" ? ["--disable-workspace-trust"] : []),
  ];
}

async function listeningPort(server: ChildProcess, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`The workbench server did not listen within ${String(startLimit / 1000)} s:\n${lines.join("\n")}`));
    }, startLimit);
    const keep = (line: string): void => {
      lines.push(line);
      const port = /Extension host agent listening on (\d+)/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    };
    for (const stream of [server.stdout, server.stderr]) if (stream !== null) createInterface(stream).on("line", keep);
    server.once("error", reject);
    server.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`The workbench server ended with code ${String(code)} before it listened:\n${lines.join("\n")}`));
    });
  });
}

function pageAddress(port: number, { folder, extension, tests }: WorkbenchRequest): string {
  const authority = `127.0.0.1:${String(port)}`;
  const remote = (path: string): string => `vscode-remote://${authority}${path}`;
  const payload = [
    ...(extension === undefined ? [] : [["extensionDevelopmentPath", remote(extension)]]),
    ...(tests === undefined ? [] : [["extensionTestsPath", remote(tests)]]),
  ];
  const url = new URL(`http://${authority}/`);
  url.searchParams.set("folder", folder);
  if (payload.length > 0) url.searchParams.set("payload", JSON.stringify(payload));
  return url.href;
}
