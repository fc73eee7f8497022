import { writeFileSync } from "node:fs";
import { checksPage } from "../src/experiment/codes.ts";
import { balancerPage } from "./balancer-page.ts";
import { taskPage } from "./task-page.ts";

writeFileSync(new URL("../docs/balancers.md", import.meta.url), balancerPage());
writeFileSync(new URL("../docs/checks.md", import.meta.url), checksPage());
writeFileSync(new URL("../docs/tasks.md", import.meta.url), taskPage());
