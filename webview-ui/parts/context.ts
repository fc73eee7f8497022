import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Dashboard } from "../state/dashboard.ts";
import type { Theme } from "../theme.ts";

/** What every part of the page may use. */
export interface Page {
  readonly dashboard: Dashboard;
  readonly theme: ReadonlySignal<Theme>;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error("A part of the page was rendered outside of the page.");
  return page;
}
