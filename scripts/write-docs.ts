import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checksPage } from "../src/experiment/codes.ts";
import { balancerPage } from "./balancer-page.ts";
import { charts } from "./performance/charts.ts";
import { readMeasurements } from "./performance/measurements.ts";
import { filledPage } from "./performance/page.ts";
import { sections } from "./performance/sections.ts";
import { taskPage } from "./task-page.ts";

writeFileSync(new URL("../docs/balancers.md", import.meta.url), balancerPage());
writeFileSync(new URL("../docs/checks.md", import.meta.url), checksPage());
writeFileSync(new URL("../docs/tasks.md", import.meta.url), taskPage());

const docs = new URL("../docs/", import.meta.url);
const performancePage = fileURLToPath(new URL("performance.md", docs));
const measurements = readMeasurements(fileURLToPath(new URL("performance", docs)));
writeFileSync(performancePage, await filledPage(readFileSync(performancePage, "utf8"), sections(measurements), performancePage));
for (const [name, picture] of Object.entries(charts(measurements))) writeFileSync(new URL(name, docs), picture);
