import { describe, expect, test } from "vitest";
import { pathKey } from "../../../src/runs/path-key.ts";

describe("two spellings of a path", () => {
  test("are one file on Windows, whatever the case of drive and names and the slashes", () => {
    expect(pathKey("C:\\Users\\Ada\\a.mtl.yaml", "win32")).toBe(pathKey("c:/users/ada/A.mtl.yaml", "win32"));
    expect(pathKey("\\\\Server\\share\\a.mtl.yaml", "win32")).toBe(pathKey("\\\\server\\share\\a.mtl.yaml", "win32"));
    expect(pathKey("C:\\a.mtl.yaml", "win32")).not.toBe(pathKey("D:\\a.mtl.yaml", "win32"));
  });

  test.each(["linux", "darwin"] as const)("are two files on %s", (platform) => {
    expect(pathKey("/home/Ada/a.mtl.yaml", platform)).not.toBe(pathKey("/home/ada/a.mtl.yaml", platform));
    expect(pathKey("/home/ada/a\\b.mtl.yaml", platform)).toBe("/home/ada/a\\b.mtl.yaml");
  });
});
