import { Button } from "../parts/button.tsx";
import { usePage } from "../parts/context.ts";
import { Icon } from "../parts/icon.tsx";
import { say } from "../strings.ts";

/** No run yet: what will appear here, and the button that makes it. */
export function Empty() {
  const { dashboard } = usePage();
  const experiment = dashboard.experiment.value;
  if (!experiment) return null;
  return (
    <div class="empty">
      <h1>{say("noRun")}</h1>
      <p class="muted">{say("noRunHint")}</p>
      <div class="offer">
        <Icon name="file-code" />
        <div>
          <b>{experiment.file.split(/[\\/]/).at(-1)}</b>
          <br />
          <span class="muted">{experiment.trusted ? say("configHint") : say("untrusted")}</span>
        </div>
        <div class="row">
          <Button onClick={() => dashboard.command("open-config")}>{say("openConfig")}</Button>
          <Button icon="play" primary onClick={() => dashboard.command("run")} disabled={!experiment.trusted}>
            {say("run")}
          </Button>
        </div>
      </div>
    </div>
  );
}
