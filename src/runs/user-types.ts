import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Names of what is written for an editor. */
export const typeFiles = { types: "taskscope.d.ts", config: "tsconfig.json" } as const;

/**
 * Writes what an editor needs to understand modules of the user's own code in a folder: the types of the module `taskscope`, and a
 * `tsconfig.json` where neither the folder nor one above has any. An older copy of the types is replaced; a configuration never is.
 * `api` is the file with our types. Answers the paths written.
 */
export function writeUserTypes(folder: string, api: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const types = join(folder, typeFiles.types);
  writeFileSync(types, ambientTypes(readFileSync(api, "utf8")));
  if (isConfigured(folder)) return [types];
  const config = join(folder, typeFiles.config);
  writeFileSync(config, userConfig);
  return [types, config];
}

const head = `// Types of the module "taskscope", which data and model modules of an experiment import. Written by \`taskscope types\`.
// The types of TensorFlow.js come from @tensorflow/tfjs-core and @tensorflow/tfjs-layers, where these are installed.
`;

/** Our types as a declaration of the module by its name: it is not installed where the user's files are. */
function ambientTypes(api: string): string {
  const body = api
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`));
  return `${head}declare module "taskscope" {\n${body.join("\n")}\n}\n`;
}

const userConfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023"],
      module: "ESNext",
      moduleResolution: "bundler",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowJs: true,
      allowImportingTsExtensions: true,
    },
    include: ["."],
  },
  undefined,
  2,
)}\n`;

function isConfigured(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, "tsconfig.json")) || existsSync(join(at, "jsconfig.json"))) return true;
    if (dirname(at) === at) return false;
  }
}
