import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import pins from "../../../scripts/native/package.json" with { type: "json" };
import { buildBinding } from "../../../scripts/native/binding.ts";
import { CannotBeMade } from "../../../scripts/native/cannot-be-made.ts";
import { clients, provideLibraries } from "../../../scripts/native/libraries.ts";

let folder = "";
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taskscope-native-"));
  said = [];
  mkdirSync(join(folder, "bin"));
  // Only the commands that a test puts there.
  vi.stubEnv("PATH", join(folder, "bin"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function command(name: string, script: string): void {
  const file = join(folder, "bin", name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const provide = () => provideLibraries(join(folder, "lib"), clients, (text) => said.push(text));

test("the native package, its peer and the engine are of one version", () => {
  const { "@tensorflow/tfjs-node": made } = pins.dependencies;
  expect(manifest.peerDependencies["@tensorflow/tfjs-node"]).toBe(made);
  expect(manifest.dependencies["@tensorflow/tfjs-core"]).toBe(made);
  expect(manifest.peerDependenciesMeta["@tensorflow/tfjs-node"].optional).toBe(true);
});

describe.skipIf(process.platform === "win32")("the libraries of the native backend", () => {
  test("need pip or mvn, and the message says so", async () => {
    await expect(provide()).rejects.toThrow(CannotBeMade);
    await expect(provide()).rejects.toThrow(/pip: this machine has no python3 with pip\.\nmvn: this machine has no mvn\./);
    expect(said).toEqual([]);
  });

  test("come with the next client where one cannot fetch them, and the reason is told", async () => {
    command("python3", `[ "$3" = --version ] || { echo "No matching distribution found"; exit 1; }`);
    await expect(provide()).rejects.toThrow(CannotBeMade);
    await expect(provide()).rejects.toThrow(/pip could not fetch it: No matching distribution found\nmvn: this machine has no mvn/);
  });

  test("are refused when they are not what is pinned", async () => {
    command("python3", `for a in "$@"; do case "$a" in --dest=*) echo something else > "\${a#--dest=}/tensorflow_cpu.whl";; esac; done`);
    const problem = await provide().catch((error: unknown) => error);
    expect(problem).not.toBeInstanceOf(CannotBeMade);
    expect(String(problem)).toMatch(/tensorflow_cpu\.whl is not what is pinned here: its SHA-256 is [0-9a-f]{64}, not 87be6e61/);
    expect(readdirSync(join(folder, "lib"))).toEqual([".draft"]);
  });
});

test("without a compiler the message names it", () => {
  vi.stubEnv("CXX", "g++-of-nobody");
  const packageFolder = join(folder, "node_modules/@tensorflow/tfjs-node");
  mkdirSync(join(packageFolder, "binding"), { recursive: true });
  expect(() => buildBinding(packageFolder, join(dirname(packageFolder), "lib"), [])).toThrow(
    new CannotBeMade("The binding is compiled with g++-of-nobody, and this machine has none (Debian, Ubuntu: apt-get install g++)."),
  );
});
