import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commandIds, trustedCommands } from "../../../src/editor/command-ids.ts";

const root = join(import.meta.dirname, "../../..");
const text = readFileSync(join(root, "package.json"), "utf8");
const menuItem = z.looseObject({ command: z.string(), when: z.string().optional() });
const manifest = z
  .looseObject({
    icon: z.string(),
    activationEvents: z.array(z.string()),
    contributes: z.looseObject({
      commands: z.array(z.looseObject({ command: z.string(), title: z.string(), category: z.string(), enablement: z.string().optional() })),
      menus: z.record(z.string(), z.array(menuItem)),
      viewsContainers: z.looseObject({ activitybar: z.array(z.looseObject({ icon: z.string() })) }),
    }),
  })
  .parse(JSON.parse(text));
const words = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")));
const { commands, menus, viewsContainers } = manifest.contributes;

describe("the manifest", () => {
  test("declares the commands that the code has, and no others", () => {
    expect(commands.map(({ command }) => command).sort()).toEqual([...commandIds].sort());
    expect(new Set(commands.map(({ category }) => category))).toEqual(new Set(["Taskscope"]));
  });

  test("names no unknown command in a menu", () => {
    const named = Object.values(menus).flatMap((items) => items.map(({ command }) => command));
    expect(named.filter((command) => !commandIds.some((id) => id === command))).toEqual([]);
  });

  test.each([...trustedCommands])("hides %s in an untrusted workspace", (id) => {
    expect(commands.find(({ command }) => command === id)?.enablement).toContain("isWorkspaceTrusted");
    const places = Object.values(menus).flatMap((items) => items.filter(({ command }) => command === id));
    expect(places.length).toBeGreaterThan(0);
    for (const { when } of places) expect(when).toContain("isWorkspaceTrusted");
  });

  test("has words for every placeholder, and no words without a place", () => {
    const placeholders = [...text.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key);
    expect([...new Set(placeholders)].sort()).toEqual(Object.keys(words).sort());
  });

  test("points at pictures that are there", () => {
    for (const icon of [manifest.icon, ...viewsContainers.activitybar.map((each) => each.icon)])
      expect(existsSync(join(root, icon))).toBe(true);
  });

  test("wakes the extension for panels that are to be restored", () => {
    expect(manifest.activationEvents).toContain("onWebviewPanel:taskscope.dashboard");
  });
});
