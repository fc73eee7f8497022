import { expect, test } from "vitest";
import { sessionOfThisFile } from "./session.ts";

const session = sessionOfThisFile({ show: "penguins.mtl.yaml" });

test("the address that npm start prints shows the experiment, and after a reload everything that was open", async () => {
  const workbench = session();
  const { page } = workbench;
  const tab = (name: string) => page.locator(".tabs-container .tab").filter({ hasText: name });
  await tab("penguins.mtl.yaml").waitFor();
  await page.locator(".codelens-decoration").first().waitFor();
  await workbench.command("Taskscope: Open Dashboard");
  await workbench.dashboard().locator("header").first().waitFor();
  expect(await tab("penguins").count()).toBe(2);
  await workbench.reload("mainThreadWebview-taskscope.dashboard");
  await workbench.dashboard().locator("header").first().waitFor();
  expect(await tab("penguins").count()).toBe(2);
});
