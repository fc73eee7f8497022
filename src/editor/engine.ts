import path from "node:path";
import type * as vscode from "vscode";
import type { KnownColumn } from "../experiment/completion.ts";
import type { CheckedText, Inspects } from "../runs/check.ts";
import type { RunRegistry } from "../runs/registry.ts";
import type { RunControl } from "./run-commands.ts";
import type { RunSource } from "./run-monitor.ts";

/** Checks one text as the command line does; the file's folder is where its relative paths begin. */
export type Check = (text: string, file: string) => Promise<CheckedText>;

/** The rooms below the editor, each loaded when it is first needed: activation pays for none of them. */
export interface Engine extends vscode.Disposable {
  readonly source: RunSource;
  readonly control: RunControl;
  readonly check: Check;
  readonly inspector: () => Promise<Inspects>;
  /** Columns of the data that an experiment file reads, as last seen by a check; empty before that. */
  readonly columnsOf: (file: string) => readonly KnownColumn[];
}

export interface EngineOptions {
  /** Folder with the bundled programs. */
  readonly dist: string;
  readonly version: string;
  readonly log: vscode.LogOutputChannel;
  readonly isTrusted: () => boolean;
}

export function engine({ dist, version, log, isTrusted }: EngineOptions): Engine {
  const inspector = once(async () => {
    const { Inspector } = await import("../runs/inspector.ts");
    return new Inspector({
      entry: path.join(dist, "inspector.cjs"),
      execPath: process.execPath,
      isTrusted,
      log: (line) => log.debug(line),
    });
  });
  const columns = new Map<string, readonly KnownColumn[]>();
  const inspectFor = (file: string): Inspects => ({
    async inspect(...what) {
      const facts = await (await inspector.get()).inspect(...what);
      if (facts.data.columns !== undefined) columns.set(file, facts.data.columns);
      return facts;
    },
  });
  return {
    source: runSource(log),
    control: runControl(path.join(dist, "trainer.cjs"), version),
    inspector: inspector.get,
    check: async (text, file) => {
      const { checkText } = await import("../runs/check.ts");
      return checkText(text, path.dirname(file), inspectFor(file));
    },
    columnsOf: (file) => columns.get(file) ?? [],
    dispose: () => void inspector.made?.then((each) => each.dispose()),
  };
}

function runSource(log: vscode.LogOutputChannel): RunSource {
  const registry = once(async (): Promise<RunRegistry> => {
    const { RunRegistry } = await import("../runs/registry.ts");
    return new RunRegistry();
  });
  const reported = new Set<string>();
  return {
    async rootOf(file) {
      const { findRoot } = await import("../runs/run-folder.ts");
      return findRoot(file);
    },
    async stampOf(root) {
      return (await registry.get()).stampOf(root);
    },
    async list(root) {
      const entries = (await registry.get()).list(root);
      for (const entry of entries) {
        if (entry.kind === "run" || reported.has(entry.message)) continue;
        log.warn(entry.message);
        reported.add(entry.message);
      }
      return entries;
    },
  };
}

function runControl(entry: string, version: string): RunControl {
  return {
    async start({ experimentFile, config, experiment, root }) {
      const { createRun } = await import("../runs/run-folder.ts");
      const { startTrainer } = await import("../runs/process/start-trainer.ts");
      const { name, balancer, training } = experiment;
      const { id, folder } = await createRun(root, {
        experimentFile,
        config,
        name,
        balancer: typeof balancer === "string" ? balancer : balancer.method,
        seed: training.seed,
        overrides: [],
        version,
      });
      // VS Code's own executable, which is Node when told so: a run needs nothing that is not there already.
      await startTrainer(folder, { entry, execPath: process.execPath });
      return id;
    },
    async stop({ folder }, now) {
      const { requestStop, stopNow } = await import("../runs/process/stop.ts");
      if (now) await stopNow(folder);
      else requestStop(folder);
    },
    async discard({ folder }) {
      const { discardRun } = await import("../runs/registry.ts");
      return discardRun(folder);
    },
  };
}

/** A thing that is made at the first call, and remembers whether it was. */
function once<T>(make: () => Promise<T>): { get: () => Promise<T>; readonly made: Promise<T> | undefined } {
  let made: Promise<T> | undefined;
  return {
    get: () => (made ??= make()),
    get made() {
      return made;
    },
  };
}
