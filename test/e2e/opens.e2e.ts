import { expect, test } from "vitest";
import { sessionOfThisFile } from "./session.ts";

const session = sessionOfThisFile();

test("the workbench shows Taskscope and its experiments", async () => {
  const rows = await session().experiments();
  await rows.first().waitFor();
  expect(await rows.allInnerTexts()).not.toEqual([]);
});
