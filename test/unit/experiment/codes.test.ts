import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checks, checksPage } from "../../../src/experiment/codes.ts";
import { experimentJsonSchema, type Shape } from "../../../src/experiment/json-schema.ts";

const root = new URL("../../../", import.meta.url);

function sources(folder: string): string {
  return readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && entry.name !== "codes.ts")
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, "utf8"))
    .join("\n");
}

describe("the list of checks", () => {
  test("is what docs/checks.md says; `npm run docs` writes it", () => {
    expect(readFileSync(new URL("docs/checks.md", root), "utf8")).toBe(checksPage());
  });

  test("holds every code that is used, and no other", () => {
    const used = new Set(sources("src/").match(/MTL\d{3}/g));
    expect([...used].sort()).toEqual(Object.keys(checks).sort());
  });
});

describe("the JSON Schema", () => {
  test("says of every key what it is for", () => {
    expect(withoutDescription(experimentJsonSchema(), "", undefined)).toEqual([]);
  });
});

/** Keys without a description; of one that can be several things, the description may stand above. */
function withoutDescription(shape: Shape, path: string, above: string | undefined): readonly string[] {
  const about = shape.description ?? above;
  const below = Object.entries(shape.properties ?? {}).flatMap(([key, part]) => {
    if (typeof part !== "object") return [];
    const here = `${path}.${key}`;
    const choices = (part.anyOf ?? []).flatMap((choice) => (typeof choice === "object" ? [choice] : []));
    const isSaid = part.description !== undefined || (choices.length > 0 && choices.every(({ description }) => description !== undefined));
    return [...(isSaid || isOneKey(shape) ? [] : [here]), ...withoutDescription(part, here, about)];
  });
  const choices = (shape.anyOf ?? []).flatMap((choice) => (typeof choice === "object" ? withoutDescription(choice, path, about) : []));
  return [...below, ...choices];
}

/** `{adam: {…}}`: the key is the name of a thing, not a setting. */
function isOneKey({ properties = {}, required = [] }: Shape): boolean {
  return Object.keys(properties).length === 1 && required.length === 1;
}
