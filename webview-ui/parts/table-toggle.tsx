import { say } from "../strings.ts";
import { IconButton } from "./button.tsx";
import { usePage } from "./context.ts";

/** Swaps a view's charts for tables with the same content, and back. */
export function TableToggle() {
  const { dashboard } = usePage();
  const { asTable } = dashboard.memory.value;
  return (
    <IconButton
      icon={asTable ? "graph-line" : "table"}
      label={asTable ? say("showCharts") : say("showTables")}
      onClick={() => dashboard.remember({ asTable: !asTable })}
    />
  );
}
