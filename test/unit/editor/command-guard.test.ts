import { describe, expect, test } from "vitest";
import { guarded, type CommandGuard } from "../../../src/editor/command-guard.ts";
import { commandIds, trustedCommands } from "../../../src/editor/command-ids.ts";

function surroundings(trusted: boolean) {
  const seen: string[] = [];
  const guard: CommandGuard = {
    isTrusted: () => trusted,
    refuse: async () => void seen.push("refused"),
    fail: (id, error) => void seen.push(`${id} failed: ${String(error)}`),
  };
  return { seen, guard };
}

describe("a command", () => {
  test.each(commandIds)("%s runs in an untrusted workspace only if it needs no trust", async (id) => {
    const { seen, guard } = surroundings(false);
    await guarded(id, () => void seen.push("ran"), guard)(undefined);
    expect(seen).toEqual([trustedCommands.has(id) ? "refused" : "ran"]);
  });

  test("is told what it was called on", async () => {
    const { seen, guard } = surroundings(true);
    await guarded("taskscope.run", (target) => void seen.push(String(target)), guard)("target");
    expect(seen).toEqual(["target"]);
  });

  test("that fails says so instead of failing silently", async () => {
    const { seen, guard } = surroundings(true);
    await guarded("taskscope.run", () => Promise.reject(new Error("no disk")), guard)(undefined);
    expect(seen).toEqual(["taskscope.run failed: Error: no disk"]);
  });

  test("starts and stops runs only where the workspace is trusted", () => {
    expect([...trustedCommands].sort()).toEqual(["taskscope.run", "taskscope.stop", "taskscope.stopAll"]);
  });
});
