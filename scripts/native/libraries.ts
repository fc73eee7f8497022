import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CannotBeMade } from "./cannot-be-made.ts";
import { isThere, runCommand, type Ended } from "./commands.ts";
import { hashOf } from "./hash.ts";

export const libraryNames = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;

/** A published package that holds TensorFlow's shared libraries, and the ordinary client that fetches it. */
interface Source {
  readonly client: "pip" | "mvn";
  readonly tensorflow: string;
  readonly megabytes: number;
  /** What is missing on this machine to fetch and unpack it. */
  readonly lacks: () => string | undefined;
  readonly fetch: (folder: string) => Ended;
  /** The archive's name ends so. */
  readonly archive: string;
  /** Folder of the libraries in the archive. */
  readonly inside: string;
  readonly unpack: (archive: string, folder: string, entries: readonly string[]) => Ended;
  /** SHA-256 of the archive and of the two libraries, as `libraryNames`. */
  readonly hashes: readonly [archive: string, ...libraries: [string, string]];
}

const pip: Source = {
  client: "pip",
  tensorflow: "2.13.1",
  megabytes: 187,
  lacks: () => (isThere("python3", "-m", "pip", "--version") ? undefined : "python3 with pip"),
  fetch: (folder) =>
    runCommand(
      "python3",
      // The libraries are the same for every Python: any of the wheels does, whatever Python is here.
      ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--python-version=311",
        "--platform=manylinux2014_x86_64", `--dest=${folder}`, "tensorflow-cpu==2.13.1"], // prettier-ignore
      folder,
    ),
  archive: ".whl",
  inside: "tensorflow",
  unpack: (archive, folder, entries) =>
    runCommand(
      "python3",
      ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(members=sys.argv[2:])", archive, ...entries],
      folder,
    ),
  hashes: [
    "87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe",
    "c73a13d68637302841ff4f4cad74a5f0c47d367432671a8ac64311acebaf9089",
    "a3891f913794521cbf2ccee52545da1af6f00523a1042ff7a7947274f8cf7537",
  ],
};

const mvn: Source = {
  client: "mvn",
  tensorflow: "2.10.1",
  megabytes: 117,
  lacks: () => (isThere("mvn", "--version") ? (isThere("jar", "--version") ? undefined : "the command jar of a Java kit") : "mvn"),
  fetch: (folder) =>
    runCommand(
      "mvn",
      ["--quiet", "--batch-mode", `-Dmaven.repo.local=${folder}`, "dependency:get", "-Dtransitive=false",
        "-Dartifact=org.tensorflow:tensorflow-core-api:0.5.0:jar:linux-x86_64"], // prettier-ignore
      folder,
    ),
  archive: "-linux-x86_64.jar",
  inside: "org/tensorflow/internal/c_api/linux-x86_64",
  unpack: (archive, folder, entries) => runCommand("jar", ["--extract", `--file=${archive}`, ...entries], folder),
  hashes: [
    "f394c5be26c8f3b644cdc77e6741b2cfe774caa8aedeb969c50e074444feac55",
    "5ae84cb63f4ea5cf91ceda184f4dd8b1587f309f42cd6455b71840aa04bee255",
    "d15439dbd77dac3bb12cbc041b90448f8f983f0bef19dd32fd27f1d32858d2b1",
  ],
};

const sources: readonly Source[] = [pip, mvn];
export type Client = Source["client"];
export const clients: readonly Client[] = sources.map(({ client }) => client);

/**
 * Makes sure that `folder` holds TensorFlow's two shared libraries, exactly those pinned here, and answers their hashes.
 * What is there already is not fetched again. Throws `CannotBeMade` where no client can fetch them, and an error where what came is not what is pinned.
 */
export async function provideLibraries(folder: string, wanted: readonly Client[], say: (text: string) => void): Promise<readonly string[]> {
  const possible = sources.filter(({ client }) => wanted.includes(client));
  const present = await sourceOf(folder, possible);
  if (present !== undefined) {
    say(`TensorFlow ${present.tensorflow} is there already.`);
    return hashesOf(present);
  }
  const reasons: string[] = [];
  for (const source of possible) {
    const lack = source.lacks();
    if (lack !== undefined) {
      reasons.push(`${source.client}: this machine has no ${lack}.`);
      continue;
    }
    say(`Fetching TensorFlow ${source.tensorflow} with ${source.client} (${source.megabytes} MB) …`);
    const reason = await take(source, folder);
    if (reason === undefined) return hashesOf(source);
    reasons.push(`${source.client} could not fetch it: ${reason}`);
  }
  throw new CannotBeMade(`TensorFlow's libraries come with pip or mvn, and neither brought them.\n${reasons.join("\n")}`);
}

function hashesOf({ hashes: [, ...libraries] }: Source): readonly string[] {
  return libraries;
}

/** Whose libraries lie in the folder; undefined where they are not there, or are nobody's. */
async function sourceOf(folder: string, possible: readonly Source[]): Promise<Source | undefined> {
  const files = libraryNames.map((name) => join(folder, name));
  if (!files.every((file) => existsSync(file))) return undefined;
  const found = await Promise.all(files.map(hashOf));
  return possible.find((source) => hashesOf(source).every((hash, i) => hash === found[i]));
}

/** Fetches, checks and unpacks. Answers why nothing could be fetched; throws where something else came than what is pinned. */
async function take(source: Source, folder: string): Promise<string | undefined> {
  const draft = join(folder, ".draft");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const fetched = source.fetch(draft);
  const archive = readdirSync(draft, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(source.archive));
  if (!fetched.ok || archive === undefined) return fetched.said;
  await requireHash(join(draft, archive), source.hashes[0]);
  const entries = libraryNames.map((name) => `${source.inside}/${name}`);
  const unpacked = source.unpack(join(draft, archive), draft, entries);
  if (!unpacked.ok) throw new Error(`${archive} could not be unpacked: ${unpacked.said}`);
  for (const [i, name] of libraryNames.entries()) {
    const file = join(draft, source.inside, name);
    await requireHash(file, source.hashes[i + 1]);
    renameSync(file, join(folder, name));
  }
  rmSync(draft, { recursive: true });
  return undefined;
}

async function requireHash(file: string, pinned: string | undefined): Promise<void> {
  const found = await hashOf(file);
  if (found !== pinned) {
    throw new Error(`${file} is not what is pinned here: its SHA-256 is ${found}, not ${String(pinned)}. Nothing of it was used.`);
  }
}
