// Bundles the six programs of Taskscope into dist/. `--production` minifies, `--watch` rebuilds on every change.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, context } from "esbuild";

const root = import.meta.dirname;
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");

/** `import.meta` does not exist in a CommonJS file; these stand for it. */
const importMeta = {
  define: {
    "import.meta.url": "__import_meta_url",
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
  banner: `const __import_meta_url = require("node:url").pathToFileURL(__filename).href;`,
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
  legalComments: "none",
  metafile: true,
};

/** A program that Node runs. */
function program(name, entry) {
  return {
    ...shared,
    entryPoints: { [name]: entry },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    platform: "node",
    format: "cjs",
    target: "node22.13",
    // All tfjs packages must meet in one ESM copy of tfjs-core: two copies are two engines that do not know each other's tensors.
    mainFields: ["module", "main"],
    external: ["vscode", "@tensorflow/tfjs-node"],
    define: importMeta.define,
    banner: { js: importMeta.banner },
  };
}

const page = {
  ...shared,
  entryPoints: { webview: "webview-ui/main.tsx" },
  outdir: "dist",
  platform: "browser",
  format: "iife",
  target: "es2023",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".ttf": "file", ".svg": "dataurl" },
  assetNames: "[name]",
  define: { "process.env.NODE_ENV": JSON.stringify(production ? "production" : "development") },
};

const programs = [
  program("extension", "src/editor/extension.ts"),
  program("trainer", "src/trainer/main.ts"),
  program("inspector", "src/trainer/inspector.ts"),
  program("image-decoder", "src/training/data/images/decode-thread.ts"),
  program("cli", "src/cli/main.ts"),
  page,
];

/** What starts the trainer must not carry it: neither tf.js nor the training room may end up in these bundles. */
const withoutTraining = ["extension", "cli", "webview"];

function checkContents(name, metafile) {
  if (!withoutTraining.includes(name)) return;
  const foreign = Object.keys(metafile.inputs).find(
    (path) => path.startsWith("node_modules/@tensorflow/") || path.startsWith("src/training/"),
  );
  if (foreign === undefined) return;
  const importer = Object.entries(metafile.inputs).find(([, input]) => input.imports.some((each) => each.path === foreign))?.[0];
  throw new Error(`dist/${name} must not contain ${foreign}, which ${importer ?? "it"} imports. Start the trainer process instead.`);
}

/** The kernels that the wasm backend loads at run time. */
function copyWasmKernels() {
  const folder = join(root, "node_modules/@tensorflow/tfjs-backend-wasm/wasm-out");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".wasm"))) {
    copyFileSync(join(folder, file), join(root, "dist", file));
  }
}

/** npm does not link the bin of the package it stands in; `npx taskscope` here should be ours, at once, without the network. */
function linkCommand() {
  const folder = join(root, "node_modules/.bin");
  chmodSync(join(root, "dist/cli.cjs"), 0o755);
  if (process.platform === "win32") {
    writeFileSync(join(folder, "taskscope.cmd"), `@node "%~dp0\\..\\..\\dist\\cli.cjs" %*\r\n`);
    return;
  }
  rmSync(join(folder, "taskscope"), { force: true });
  symlinkSync("../../dist/cli.cjs", join(folder, "taskscope"));
}

mkdirSync(join(root, "dist"), { recursive: true });
copyWasmKernels();

if (watch) {
  for (const options of programs) await (await context({ ...options, logLevel: "info" })).watch();
} else {
  const outcomes = await Promise.allSettled(
    programs.map(async (options) => {
      const { metafile } = await build(options);
      checkContents(Object.keys(options.entryPoints)[0], metafile);
    }),
  );
  if (existsSync(join(root, "dist/cli.cjs"))) linkCommand();
  for (const { status, reason } of outcomes) {
    if (status === "fulfilled") continue;
    // What could not be built esbuild has told; what was built and must not be so is told here.
    if (!("errors" in reason)) console.error(reason.message);
    process.exitCode = 1;
  }
}
