import "@vscode-elements/elements/dist/vscode-option/index.js";
import { VscodeSingleSelect } from "@vscode-elements/elements/dist/vscode-single-select/index.js";
import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface SelectProps {
  readonly label: string;
  readonly value: string;
  /** `details` stand below the list while an option is under the pointer or the keys. */
  readonly options: readonly { readonly value: string; readonly text: string; readonly details: string }[];
  readonly onChoose: (value: string) => void;
}

/** The workbench's own kind of drop-down. */
export function Select({ label, value, options, onChoose }: SelectProps) {
  const element = useRef<HTMLElement>(null);
  const values = options.map((option) => option.value).join("\n");
  // The element takes a value only when it has the option already.
  useLayoutEffect(() => {
    const select = element.current;
    if (!(select instanceof VscodeSingleSelect)) return;
    void select.updateComplete.then(() => {
      select.value = value;
    });
  }, [value, values]);
  return h(
    "vscode-single-select",
    {
      ref: element,
      class: "select",
      label,
      onchange: (event: Event) => {
        if (event.currentTarget instanceof VscodeSingleSelect) onChoose(event.currentTarget.value);
      },
    },
    options.map((option) =>
      h(
        "vscode-option",
        { key: option.value, value: option.value, description: option.details, selected: option.value === value },
        option.text,
      ),
    ),
  );
}
