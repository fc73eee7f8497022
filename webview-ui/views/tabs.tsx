import { useRef } from "preact/hooks";
import type { View } from "../../src/editor/protocol.ts";
import { usePage } from "../parts/context.ts";
import { views } from "../state/memory.ts";
import { say } from "../strings.ts";

/** Id of the panel that the tabs control. */
export const panelId = "view";

export function tabId(view: View): string {
  return `tab-${view}`;
}

/** The views, as tabs with arrow keys. Disabled while there is nothing to view. */
export function Tabs({ enabled }: { readonly enabled: boolean }) {
  const { dashboard } = usePage();
  const list = useRef<HTMLElement>(null);
  const shown = dashboard.view.value;
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = views.indexOf(shown);
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: views.length - 1 }[event.key];
    const view = next === undefined ? undefined : views[(next + views.length) % views.length];
    if (view === undefined || !enabled) return;
    event.preventDefault();
    dashboard.show(view);
    list.current?.querySelector<HTMLElement>(`#${tabId(view)}`)?.focus();
  };
  return (
    <nav ref={list} class="tabs" role="tablist" aria-label={say("views")} onKeyDown={onKeyDown}>
      {views.map((view) => (
        <button
          key={view}
          id={tabId(view)}
          type="button"
          role="tab"
          aria-selected={view === shown}
          aria-controls={panelId}
          tabIndex={view === shown ? 0 : -1}
          disabled={!enabled}
          onClick={() => dashboard.show(view)}
        >
          {say(view)}
        </button>
      ))}
    </nav>
  );
}
