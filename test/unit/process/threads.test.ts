import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeOn } from "../backends.ts";

/** What a process of its own trains, with a digest of its parameters. */
function trained(name: string, ...options: string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(import.meta.dirname, "digest-trainer.ts"), name, ...options], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describeOn("native")("threads", () => {
  test.each(["A:mgda", "B:mgda"])("%s: compiled steps give the same bits on one thread and on two, each time", (name) => {
    const one = trained(`${name}:native:1`);
    expect(one).toMatchObject({ notes: [] });
    expect(trained(`${name}:native:2`)).toEqual(one);
    expect(trained(`${name}:native:2`)).toEqual(one);
  });

  test("steps that are not compiled repeat to the bit at the same number of threads", () => {
    expect(trained("B:equal:native:2", "plain")).toEqual(trained("B:equal:native:2", "plain"));
  });
});
