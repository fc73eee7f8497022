import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** No default exports: a thing has one name wherever it is used. */
const oneName = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name; a thing is called the same everywhere.",
};

/** A barrel hides where a thing lives. */
const noBarrels = {
  selector: "ExportAllDeclaration",
  message: "Import from the file that holds the thing; no barrels.",
};

const everywhere = {
  "no-restricted-syntax": ["error", oneName, noBarrels],
  "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx", "hack"], location: "anywhere" }],
  "max-lines": ["error", { max: 350, skipBlankLines: true, skipComments: true }],
  "max-depth": ["error", 4],
  eqeqeq: "error",
  "no-console": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "no-unused-vars": "off",
};

const typed = {
  ...everywhere,
  "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "all" }],
  "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
  "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
  "@typescript-eslint/array-type": "error",
  "@typescript-eslint/prefer-optional-chain": "error",
  "@typescript-eslint/prefer-readonly": "error",
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
  // Numbers and booleans in a message are what they look like.
  "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
  // An arrow that returns what a call returns is no confusion.
  "@typescript-eslint/no-confusing-void-expression": "off",
  // An interface that asks for a promise may be fulfilled at once.
  "@typescript-eslint/require-await": "off",
  "@typescript-eslint/unified-signatures": "off",
  // VS Code asks for things of a shape, and calls some of the shapes classes.
  "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
  "@typescript-eslint/no-extraneous-class": "off",
};

export default defineConfig(
  globalIgnores(["dist/", "out/", ".workbench/", ".taskscope/", ".native-tf/", "examples/data/", "test-results/", "coverage/"]),
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: typed,
  },
  {
    files: ["test/**/*.{ts,tsx}"],
    rules: {
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        fetch: "readonly",
        Buffer: "readonly",
        AbortSignal: "readonly",
      },
    },
    rules: { ...everywhere, "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: { module: "writable", require: "readonly", __dirname: "readonly" } },
  },
  {
    // What prints for people at a terminal.
    files: ["src/cli/**", "src/trainer/**", "scripts/**", "test/**", "*.mjs"],
    rules: { "no-console": "off" },
  },
  {
    // These tools ask for a default export.
    files: ["eslint.config.js", "vitest.config.ts", "test/e2e/vitest.config.ts", "examples/custom/*.ts"],
    rules: { "no-restricted-syntax": ["error", noBarrels] },
  },
);
