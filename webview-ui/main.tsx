import { render } from "preact";
import "./style/main.css";
import { PageContext } from "./parts/context.ts";
import { createDashboard } from "./state/dashboard.ts";
import { Host, type VsCodeApi } from "./state/host.ts";
import { type Translations, setTranslations } from "./strings.ts";
import { watchTheme } from "./theme.ts";
import { App } from "./views/app.tsx";

declare function acquireVsCodeApi(): VsCodeApi;

const root = document.getElementById("app");
if (!root) throw new Error('The page has no element with the id "app" to draw in.');
setTranslations(readTranslations(root.dataset["strings"]));
const dashboard = createDashboard(new Host(acquireVsCodeApi()), () => Date.now());
const { theme } = watchTheme(document);
render(
  <PageContext.Provider value={{ dashboard, theme }}>
    <App />
  </PageContext.Provider>,
  root,
);
dashboard.start();

/** Texts in the editor's language, which the host puts into the page as JSON: English text to translated text. */
function readTranslations(json: string | undefined): Translations {
  if (json === undefined || json === "") return {};
  const table: unknown = JSON.parse(json);
  if (typeof table !== "object" || table === null) return {};
  return Object.fromEntries(Object.entries(table).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
