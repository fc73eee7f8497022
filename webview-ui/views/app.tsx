import { usePage } from "../parts/context.ts";
import { Note } from "../parts/note.tsx";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { Tooltip } from "../parts/tooltip.tsx";
import { Ownership } from "../ownership/ownership.tsx";
import { say } from "../strings.ts";
import { Banner } from "./banner.tsx";
import { Curves } from "./curves.tsx";
import { Empty } from "./empty.tsx";
import { Head } from "./head.tsx";
import { LogTail } from "./log-tail.tsx";
import { Overview } from "./overview.tsx";
import { panelId, tabId, Tabs } from "./tabs.tsx";

/** The whole page: head, tabs, and the view in between whatever state the run is in. */
export function App() {
  const { dashboard } = usePage();
  const run = dashboard.run.value;
  return (
    <>
      <div class="top">
        <Head />
        <Tabs enabled={run !== null} />
      </div>
      <main>
        <Problem />
        <div id={panelId} role="tabpanel" aria-labelledby={tabId(dashboard.view.value)} tabIndex={-1}>
          <Content />
        </div>
      </main>
      <Tooltip />
    </>
  );
}

function Content() {
  const { dashboard } = usePage();
  const run = dashboard.run.value;
  if (dashboard.experiment.value === null) return <Note text={say("loading")} />;
  if (run === null) return <Empty />;
  const { description } = run;
  return (
    <>
      <Banner run={run} />
      {description === null ? (
        <>
          <LogTail run={run} />
          {dashboard.active.value && <Note text={say("waiting")} />}
        </>
      ) : (
        {
          overview: () => <Overview run={run} description={description} />,
          curves: () => <Curves key={run.id} description={description} />,
          ownership: () => <Ownership key={run.id} run={run} description={description} />,
        }[dashboard.view.value]()
      )}
    </>
  );
}

/** What the host could not do, until it is dismissed. */
function Problem() {
  const { dashboard } = usePage();
  const problem = dashboard.problem.value;
  if (problem === null) return null;
  return (
    <div class="banner" role="alert">
      <Icon name="warning" tone="warning" />
      <p>{say("refused", problem)}</p>
      <IconButton icon="close" label={say("dismiss")} onClick={() => dashboard.dismiss()} />
    </div>
  );
}
