// `npm run native`: gives this checkout the native backend, @tensorflow/tfjs-node, without its own download. The package comes with npm, TensorFlow's
// libraries out of a published package (pip, else mvn), and the small binding between them is compiled here. Linux on x64. Everything large is kept in
// .native-tf/, which `npm ci` leaves alone: called again, this only links it into node_modules. `--via pip` or `--via mvn` takes only that one.
// Ends with code 3 where this machine lacks something that is needed, with 1 where something is wrong.
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { buildBinding } from "./native/binding.ts";
import { CannotBeMade } from "./native/cannot-be-made.ts";
import { isThere, runCommand } from "./native/commands.ts";
import { clients, provideLibraries } from "./native/libraries.ts";

const root = join(import.meta.dirname, "..");
const pins = join(import.meta.dirname, "native");
const kept = join(root, ".native-tf");
const packageName = "@tensorflow/tfjs-node";
const packageFolder = join(kept, "node_modules", packageName);

async function makeNative(): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new CannotBeMade(
      `It is made on Linux x64 only; this is ${process.platform} ${process.arch}. Try "npm install --no-save ${packageName}", which downloads it.`,
    );
  }
  const { via } = parseArgs({ options: { via: { type: "string" } } }).values;
  const wanted = clients.filter((client) => via === undefined || client === via);
  if (wanted.length === 0) throw new Error(`--via ${String(via)}: choose ${clients.join(" or ")}.`);

  mkdirSync(kept, { recursive: true });
  providePackage();
  const librariesFolder = join(kept, "lib");
  const hashes = await provideLibraries(librariesFolder, wanted, say);
  if (buildBinding(packageFolder, librariesFolder, hashes)) say("The binding is compiled.");
  link(join(root, "node_modules", packageName));
  prove();
}

/** The JavaScript of the package and its own dependencies, pinned by the lock file; their install scripts are not run. */
function providePackage(): void {
  const files = ["package.json", "package-lock.json"];
  const isSame = files.every(
    (name) => existsSync(join(kept, name)) && readFileSync(join(kept, name)).equals(readFileSync(join(pins, name))),
  );
  // npm writes this when all is in place.
  if (isSame && existsSync(join(kept, "node_modules/.package-lock.json"))) return;
  if (!isThere("npm", "--version")) throw new CannotBeMade(`The package comes with npm, which is not on the PATH.`);
  say(`Installing ${packageName} into ${relative(root, kept)}/ …`);
  for (const name of files) copyFileSync(join(pins, name), join(kept, name));
  const { ok, said } = runCommand("npm", ["ci", `--prefix=${kept}`, "--ignore-scripts", "--loglevel=error"], kept);
  if (ok) return;
  if (said.includes("EINTEGRITY")) throw new Error(`A package is not what the lock file pins:\n${said}`);
  throw new CannotBeMade(`npm could not install it:\n${said}`);
}

/** Where Node looks for it. What somebody installed there by other means is left alone. */
function link(place: string): void {
  const target = relative(dirname(place), packageFolder);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSymbolicLink()) {
    throw new Error(`${place} was installed by other means. Delete it first if this one should take its place.`);
  }
  if (found !== undefined && readlinkSync(place) === target) return;
  rmSync(place, { force: true });
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(target, place);
}

/** As `taskscope doctor` tells it: the trainer has loaded the backend and computed a gradient. */
function prove(): void {
  const { ok, said } = runCommand(process.execPath, [join(root, "dist/cli.cjs"), "doctor", "--json"], root);
  if (!ok) throw new Error(`It is made, but Taskscope could not look at it: ${said}`);
  const { native } = z.object({ native: z.looseObject({ works: z.boolean(), tensorflow: z.string().optional() }) }).parse(JSON.parse(said));
  if (!native.works) throw new Error(`It is made, and does not work: ${said}`);
  say(`ready, TensorFlow ${String(native.tensorflow)}.`);
}

function say(text: string): void {
  console.log(`native backend: ${text}`);
}

try {
  await makeNative();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isLacking = error instanceof CannotBeMade;
  say(`${isLacking ? "cannot be made here. " : "went wrong. "}${error.message}`);
  process.exitCode = isLacking ? 3 : 1;
}
