import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { bundleFile, textsOfSources } from "../../../scripts/write-l10n.ts";

test("translators find every text of the editor and the page, and no old ones (node scripts/write-l10n.ts)", () => {
  const bundle = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(bundleFile, "utf8")));
  expect(Object.keys(bundle)).toEqual(textsOfSources());
});
