import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { describeOn } from "../backends.ts";
import { ExampleWorkspace, jsonLine } from "./command.ts";

const backend = z.union([
  z.looseObject({ works: z.literal(true), version: z.string() }),
  z.object({ works: z.literal(false), reason: z.string() }),
]);
const doctorShape = z.object({
  node: z.string(),
  cores: z.number(),
  sqlite: z.string(),
  wasm: backend,
  native: backend,
  runs: z.unknown(),
});

async function doctorOf(workspace: ExampleWorkspace) {
  const { code, stdout } = await workspace.taskscope("doctor", "--json");
  return { code, doctor: doctorShape.parse(jsonLine(stdout)) };
}

function reasonOf(part: unknown): string {
  return z.object({ reason: z.string() }).parse(part).reason;
}

/** Puts a native package into the workspace. */
function installNative(workspace: ExampleWorkspace, version: string, code: string): void {
  const home = join(workspace.root, "node_modules/@tensorflow/tfjs-node");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node", version, main: "index.js" }));
  writeFileSync(join(home, "index.js"), code);
}

test("tells what trains and records here, and leaves nothing behind", async () => {
  await using workspace = new ExampleWorkspace();
  rmSync(join(workspace.root, ".taskscope"), { recursive: true });
  const { code, doctor } = await doctorOf(workspace);
  expect(code).toBe(0);
  expect(doctor).toMatchObject({
    node: process.versions.node,
    sqlite: process.versions["sqlite"],
    wasm: { works: true, version: "4.22.0", threads: 1, simd: true },
    runs: { works: true, folder: join(workspace.root, ".taskscope", "runs"), journal: "wal" },
  });
  expect(readdirSync(workspace.root)).toEqual(["examples"]);
  const { stdout, stderr } = await workspace.taskscope("doctor");
  expect(stdout).toContain(`Node ${process.versions.node}`);
  expect(stdout).toMatch(/^wasm +ok +4\.22\.0, SIMD, 1 thread, steps are compiled$/m);
  expect(stderr).toBe("Experiments can be trained here.\n");
});

test("says of the native backend what a run with `auto` says", async () => {
  await using workspace = new ExampleWorkspace();
  installNative(workspace, "4.22.0", `throw new Error("libtensorflow.so.2: cannot open shared object file");`);
  const { code, doctor } = await doctorOf(workspace);
  expect(code).toBe(0);
  const reason = reasonOf(doctor.native);
  expect(reason).toMatch(/^The package @tensorflow\/tfjs-node is installed but does not load: libtensorflow[^\n]*npm rebuild[^\n]*$/);
  expect((await workspace.taskscope("doctor")).stdout).toContain(`native     no  ${reason}\n`);
  const run = await workspace.taskscope("run", "examples/penguins.mtl.yaml", "--set", "training.epochs=1", "--backend", "auto");
  expect(run.code).toBe(0);
  expect(run.stderr).toContain(reason);
  using reader = workspace.reader();
  expect(reader.events().map(({ message }) => message)).toContain(`Training on the wasm backend. ${reason}`);
});

test.each([
  ["is of another version", "3.21.0", `throw new Error("loaded");`, /is version 3\.21\.0, and 4\.22\.0 is needed.*npm install/],
  [
    "ends the process",
    "4.22.0",
    `process.stderr.write("illegal instruction\\n"); process.kill(process.pid, "SIGKILL");`,
    /^The native backend ends the process that loads it \(SIGKILL\): illegal instruction\. .*Install @tensorflow\/tfjs-node again/,
  ],
  [
    "ends the process without a word",
    "4.22.0",
    `process.kill(process.pid, "SIGBUS");`,
    /^The native backend ends the process that loads it \(SIGBUS\)\. Its libraries were copied in part[^\n]*$/,
  ],
])("outlives a native package that %s", async (_, version, code, words) => {
  await using workspace = new ExampleWorkspace();
  installNative(workspace, version, code);
  const { doctor } = await doctorOf(workspace);
  expect([doctor.wasm.works, doctor.native.works]).toEqual([true, false]);
  expect(reasonOf(doctor.native)).toMatch(words);
  // So does a run, which says the same and goes on with wasm.
  const run = await workspace.taskscope("run", "examples/penguins.mtl.yaml", "--set", "training.epochs=1", "--backend", "auto");
  expect(run.code).toBe(0);
  using reader = workspace.reader();
  expect(reader.events().map(({ message }) => message)).toContain(`Training on the wasm backend. ${reasonOf(doctor.native)}`);
});

test("tells where no run can be recorded, and ends with 1", async () => {
  await using workspace = new ExampleWorkspace();
  rmSync(join(workspace.root, ".taskscope"), { recursive: true });
  writeFileSync(join(workspace.root, ".taskscope"), "");
  const { code, doctor } = await doctorOf(workspace);
  expect([code, doctor.runs]).toMatchObject([1, { works: false }]);
  expect(reasonOf(doctor.runs)).toContain(".taskscope");
  const text = await workspace.taskscope("doctor");
  expect(text.stdout).toMatch(/^runs +no +\S.*\.taskscope/m);
  expect(text.stderr).toBe("Experiments cannot be trained here.\n");
  rmSync(join(workspace.root, ".taskscope"));
});

describeOn("native")("where the native backend was made", () => {
  test.skipIf(process.platform === "win32")("tells why no step can be compiled", async () => {
    await using workspace = new ExampleWorkspace();
    vi.stubEnv("TMPDIR", "/nowhere/at/all");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, doctor } = await doctorOf(workspace);
    expect([code, doctor.native]).toMatchObject([0, { works: true, compiles: { works: false } }]);
    expect(JSON.stringify(doctor.native)).toContain("/nowhere/at/all");
  });

  test("tells its version, its threads, and where it came from", async () => {
    await using workspace = new ExampleWorkspace();
    const { doctor } = await doctorOf(workspace);
    expect(doctor.native).toMatchObject({ works: true, version: "4.22.0", threads: 1, compiles: { works: true } });
    expect((await workspace.taskscope("doctor")).stdout).toMatch(/^native +ok .*, steps are compiled$/m);
    expect(existsSync(z.object({ folder: z.string() }).parse(doctor.native).folder)).toBe(true);
  });
});
