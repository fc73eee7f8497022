import { useState } from "preact/hooks";
import { say } from "../strings.ts";
import { IconButton } from "./button.tsx";

export interface TableData {
  readonly title: string;
  readonly unit: string;
  readonly columns: readonly string[];
  /** Rows of written cells; the first cell heads its row. */
  readonly rows: readonly (readonly string[])[];
}

/** Rows shown at most; all are copied. */
const shownRows = 60;

/** A chart as a table: same order, same units. Long ones show evenly chosen rows and say so; copying takes all. */
export function DataTable({ title, unit, columns, rows }: TableData) {
  const [said, setSaid] = useState("");
  const shown = thin(rows, shownRows);
  const copy = (): void => {
    const text = [columns, ...rows].map((row) => row.join("\t")).join("\n");
    navigator.clipboard.writeText(text).then(
      () => setSaid(say("copied")),
      () => setSaid(say("notCopied")),
    );
  };
  return (
    <section class="table-block">
      <div class="caption flush">
        <h2>
          {title} <small>{unit}</small>
        </h2>
        <span class="grow" />
        <span class="muted fixed" role="status" title={shown.length < rows.length ? say("tableRowsTitle", rows.length) : ""}>
          {said || (shown.length < rows.length ? say("tableRows", shown.length, rows.length) : "")}
        </span>
        <IconButton icon="copy" label={`${say("copyTable")}: ${title}`} onClick={copy} />
      </div>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th key={column} scope="col" class={i > 0 ? "number" : ""}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, r) => (
              <tr key={r}>
                {row.map((cell, i) =>
                  i === 0 ? (
                    <th key={i} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={i} class="number">
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Evenly chosen items, the first and the last among them. */
export function thin<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]).filter(
    (item) => item !== undefined,
  );
}
