import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";

/** What figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** As the system tells them of the first core: "L1d 48K", "L2 2048K". Empty where it does not tell. */
  readonly caches: readonly string[];
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Of the native backend; undefined where there is none. */
  readonly tensorflow: string | undefined;
  readonly commit: string;
  readonly loadavg1: number;
}

const root = join(import.meta.dirname, "../../..");

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    caches: caches("/sys/devices/system/cpu/cpu0/cache"),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()} ${release()}`,
    node: process.version,
    tensorflow: tensorflow(),
    commit: commit(),
    loadavg1: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

function caches(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const kinds: Record<string, string> = { Data: "d", Instruction: "i" };
  return readdirSync(folder)
    .filter((name) => name.startsWith("index"))
    .sort()
    .map((name) => {
      const read = (fact: string): string => readFileSync(join(folder, name, fact), "utf8").trim();
      return `L${read("level")}${kinds[read("type")] ?? ""} ${read("size")}`;
    });
}

/** A process that loads it tells its version: this one may not, for its threads are then fixed. */
function tensorflow(): string | undefined {
  if (!existsSync(join(root, "node_modules/@tensorflow/tfjs-node/package.json"))) return undefined;
  const backend = join(root, "src/training/backend/backend.ts");
  const program = `const { startBackend } = await import(${JSON.stringify(backend)}); console.log((await startBackend("native")).tensorflow);`;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: root, encoding: "utf8" }).trim();
}

function commit(): string {
  return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: root, encoding: "utf8" }).trim();
}
