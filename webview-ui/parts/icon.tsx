/** Product icons from the codicon font, by name; the glyphs used are listed in style/icons.css. */
export type IconName =
  | "arrow-down"
  | "arrow-up"
  | "check"
  | "circle-slash"
  | "clock"
  | "close"
  | "copy"
  | "debug-pause"
  | "debug-restart"
  | "debug-stop"
  | "error"
  | "file-code"
  | "graph-line"
  | "info"
  | "loading"
  | "output"
  | "pass"
  | "play"
  | "stop-circle"
  | "table"
  | "warning";

/** Decoration only: what it says stands beside it, or in the name of its button. */
export function Icon({ name, tone }: { name: IconName; tone?: "warning" | "error" | "good" }) {
  return <span class={`icon icon-${name}${tone ? ` tone-${tone}` : ""}`} aria-hidden="true" />;
}
