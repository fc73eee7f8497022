// Which way the doors open: imports between rooms point down only. docs/architecture.md tells why.

const typeOnly = ["type-only"];

/** Files of pure vocabulary. `record.ts` names series and thresholds, and the run contract states, so their values may be used too. */
const record = "^src/experiment/record\\.ts$";
const vocabulary = "^src/experiment/(diagnostic|schema)\\.ts$";
const runContract = "^src/runs/contract\\.ts$";
const pageProtocol = "^src/editor/protocol\\.ts$";

/** What a room may import of ours: whole rooms, single files, and files of which it may import types only. */
const doors = {
  balancers: {},
  experiment: { rooms: ["balancers"] },
  analysis: { files: [record], types: [vocabulary, runContract] },
  training: { rooms: ["experiment", "balancers"] },
  runs: { rooms: ["experiment"] },
  trainer: { rooms: ["training", "runs", "experiment"] },
  cli: { rooms: ["runs", "experiment", "balancers", "analysis"] },
  editor: { rooms: ["runs", "experiment", "balancers", "analysis"] },
  "webview-ui": { rooms: ["analysis"], files: [record, runContract, pageProtocol], types: [vocabulary] },
};

const folderOf = (room) => (room === "webview-ui" ? "^webview-ui/" : `^src/${room}/`);

function roomRules(room, { rooms = [], files = [], types = [] }) {
  const open = [folderOf(room), ...rooms.map(folderOf), ...files];
  const comment = `${room} may import ${rooms.length > 0 ? rooms.join(", ") : "no other room"}; see docs/architecture.md.`;
  return [
    {
      name: `door-of-${room}`,
      comment,
      severity: "error",
      from: { path: folderOf(room) },
      to: { path: "^(src|webview-ui|test|scripts)/", pathNot: [...open, ...types] },
    },
    ...(types.length === 0
      ? []
      : [
          {
            name: `types-only-in-${room}`,
            comment: `${room} may import only types of these files: use "import type".`,
            severity: "error",
            from: { path: folderOf(room) },
            to: { path: types, dependencyTypesNot: typeOnly },
          },
        ]),
  ];
}

module.exports = {
  forbidden: [
    ...Object.entries(doors).flatMap(([room, door]) => roomRules(room, door)),
    {
      name: "vscode-only-in-editor",
      comment: "Only src/editor knows VS Code, so everything else runs and is tested without it.",
      severity: "error",
      from: { path: "^(src|webview-ui)/", pathNot: "^src/editor/" },
      to: { path: "(^|/)vscode($|/)" },
    },
    {
      name: "tensorflow-only-in-training",
      comment: "Only src/training knows TensorFlow.js; numbers leave it as plain arrays.",
      severity: "error",
      from: { path: "^(src|webview-ui)/", pathNot: "^src/training/" },
      to: { path: "@tensorflow/" },
    },
    {
      name: "no-node-in-pure-rooms",
      comment: "These rooms also run in a browser page: no Node modules.",
      severity: "error",
      from: { path: ["^(src/(experiment|balancers|analysis)|webview-ui)/", runContract, pageProtocol] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "rooms-only-at-home",
      comment: "Code under src belongs to one of the rooms.",
      severity: "error",
      from: { path: `^src/(?!(${Object.keys(doors).join("|")})/)` },
      to: {},
    },
    {
      name: "no-cycles",
      comment: "Two files that need each other are one concept or need a third one below both. Types alone may point back.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: typeOnly } },
    },
    {
      name: "no-development-package-in-product",
      comment: "What the product imports belongs into dependencies.",
      severity: "error",
      from: { path: "^(src|webview-ui)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: typeOnly, pathNot: "node_modules/(@types/|vscode/)" },
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^(vscode|@tensorflow/tfjs-node)$" },
    },
  ],
  options: {
    // The second: imports of the package esbuild are taken for the script of that name.
    doNotFollow: { path: ["node_modules", "^esbuild\\.mjs$"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
    builtInModules: { add: ["node:sqlite"] },
  },
};
