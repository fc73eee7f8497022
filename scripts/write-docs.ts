import { writeFileSync } from "node:fs";
import { balancerPage } from "./balancer-page.ts";

writeFileSync(new URL("../docs/balancers.md", import.meta.url), balancerPage());
