import { open } from "node:fs/promises";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

import { afterAll, describe, expect, test } from "vitest";

import { ByteStore } from "../../../../../src/training/data/tables/byte-store.ts";
import { SpoolFile } from "../../../../../src/training/data/tables/spool-file.ts";
import { containing } from "../containing.ts";
import { temporaryFolder } from "../folder.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

describe("a temporary file of rows", () => {
  test("gives back what was appended", async () => {
    const file = await SpoolFile.create(folder.path);
    const offsets = [await file.append(bytes(1, 2, 3)), await file.append(bytes(4, 5))];
    expect(offsets).toEqual([0, 3]);
    expect([...(await file.read(3, 2)), ...(await file.read(1, 3))]).toEqual([4, 5, 2, 3, 4]);
    await expect(file.read(4, 2)).rejects.toThrow("ends at 5");
    await file.close();
  });

  test.skipIf(process.platform === "win32")("has no name, so that nothing is left of it however the process ends", async () => {
    const file = await SpoolFile.create(folder.path);
    await file.append(bytes(1));
    expect(readdirSync(folder.path)).toEqual([]);
    await file.close();
  });

  test("removes what processes left behind that are no more, and nothing else", async () => {
    const { pid: ended } = spawnSync(process.execPath, ["--version"]);
    const left = `taskscope-rows-${ended}-x`;
    const others = [`taskscope-rows-${process.pid}-x`, "taskscope-rows-", "other"];
    for (const name of [left, ...others]) writeFileSync(join(folder.path, name), "");
    await (await SpoolFile.create(folder.path)).close();
    expect(existsSync(join(folder.path, left))).toBe(false);
    expect(others.filter((name) => !existsSync(join(folder.path, name)))).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("tells of a full disk, and what helps", async () => {
    const file = new SpoolFile(await open("/dev/full", "r+"), "/spool");
    await expect(file.append(bytes(1))).rejects.toMatchObject({
      name: "DataError",
      code: "MTL326",
      message: containing("cannot be written to a temporary file in /spool: the disk is full. Free some space there, name another folder"),
    });
    await file.close();
  });

  test("tells of a folder that is not there", async () => {
    await expect(SpoolFile.create(join(folder.path, "nowhere"))).rejects.toMatchObject({ code: "MTL326", message: containing("ENOENT") });
  });
});

describe("a store of bytes", () => {
  test("moves to a file when it outgrows its memory, and gives each piece as it was", async () => {
    const store = new ByteStore(10);
    for (let i = 0; i < 5; i++) {
      expect(store.isSpooled).toBe(i > 3);
      await store.add(bytes(i, i, i));
    }
    expect(store.isSpooled).toBe(true);
    const pieces: number[][] = [];
    for (let i = 0; i < store.pieces; i++) pieces.push([...(await store.piece(i))]);
    expect(pieces).toEqual([0, 1, 2, 3, 4].map((i) => [i, i, i]));
    await store.close();
  });
});
