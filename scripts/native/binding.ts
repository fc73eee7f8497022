import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CannotBeMade } from "./cannot-be-made.ts";
import { isThere, runCommand } from "./commands.ts";
import { libraryNames } from "./libraries.ts";

const headers = join(import.meta.dirname, "include");
const sources = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];

/**
 * Compiles the package's binding between Node and TensorFlow, against the headers beside this file (`include/`: the part of
 * TensorFlow's C interface that it calls), and answers whether there was anything to do. One build serves every Node from 20 on.
 */
export function buildBinding(packageFolder: string, librariesFolder: string, libraryHashes: readonly string[]): boolean {
  const output = join(packageFolder, "lib/napi-v8/tfjs_binding.node");
  const stampFile = `${output}.stamp`;
  const compiler = process.env["CXX"] ?? "g++";
  const args = [
    "-shared", "-fPIC", "-O2", "-std=c++17", "-DNAPI_VERSION=8",
    "-I", join(packageFolder, "../../node-api-headers/include"), "-I", headers,
    ...sources,
    ...libraryNames.map((name) => join(librariesFolder, name)),
    // Found from where the binding is, so that the checkout may be moved.
    `-Wl,-rpath,$ORIGIN/${relative(dirname(output), librariesFolder)}`,
  ]; // prettier-ignore
  const stamp = stampOf([compiler, ...args, ...libraryHashes], [headers, join(packageFolder, "binding")]);
  if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return false;
  if (!isThere(compiler, "--version")) {
    throw new CannotBeMade(`The binding is compiled with ${compiler}, and this machine has none (Debian, Ubuntu: apt-get install g++).`);
  }
  mkdirSync(dirname(output), { recursive: true });
  // A program may be running with the old one.
  const draft = `${output}.draft`;
  const built = runCommand(compiler, [...args, "-o", draft], packageFolder);
  if (!built.ok) throw new Error(`The binding could not be compiled:\n${built.said}`);
  renameSync(draft, output);
  writeFileSync(stampFile, stamp);
  return true;
}

/** Changes with everything that the result is made from. */
function stampOf(words: readonly string[], folders: readonly string[]): string {
  const hash = createHash("sha256").update(words.join("\n"));
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(cc|h)$/.test(name));
    for (const name of files.sort()) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}
