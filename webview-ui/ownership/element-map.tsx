import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { formatNumber } from "../../src/analysis/format.ts";
import type { ParameterDescription, TaskDescription } from "../../src/experiment/record.ts";
import { usePage } from "../parts/context.ts";
import { Note } from "../parts/note.tsx";
import { Swatch } from "../parts/swatch.tsx";
import { hideTip, showTip } from "../parts/tooltip.tsx";
import { say } from "../strings.ts";
import { elementAt, layOutElements } from "./element-layout.ts";
import { paintElements, pictureHeight } from "./element-picture.ts";
import type { Elements } from "./moments.ts";
import type { Looking } from "./ownership.tsx";

interface ElementMapProps {
  readonly parameter: ParameterDescription;
  readonly looking: Looking;
  readonly tasks: readonly TaskDescription[];
  readonly elements: Elements;
  /** Pixels there are across. */
  readonly room: number;
}

/** Highest map; a higher one says no more. */
const mostHeight = 320;

/** Which weights: every element of the tensor in the colour of its owner. */
export function ElementMap({ parameter, looking, tasks, elements, room }: ElementMapProps) {
  const { dashboard, theme } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useMemo(() => (room > 0 ? layOutElements(parameter.shape, { width: room, height: mostHeight }) : null), [parameter, room]);
  const { description, alone } = looking;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !layout || elements.state !== "shown") return;
    paintElements(context, layout, elements.shares, {
      theme: theme.value,
      tasks: tasks.map((task) => description.tasks.indexOf(task)),
      alone,
    });
  }, [layout, elements, theme.value, alone, tasks.length]);

  const onPointerMove = (event: PointerEvent): void => {
    if (!layout || elements.state !== "shown" || !canvas.current) return;
    const bounds = canvas.current.getBoundingClientRect();
    const found = elementAt(layout, event.clientX - bounds.left, event.clientY - bounds.top);
    if (!found) return hideTip();
    const { shares, size } = elements.shares;
    showTip(
      event,
      <table>
        <tr>
          <th colSpan={2}>
            <b>
              {parameter.name}[{found.place.join(", ")}]
            </b>
          </th>
        </tr>
        {tasks.map((task, k) => (
          <tr key={task.id}>
            <td>
              <Swatch task={description.tasks.indexOf(task)} /> {task.id}
            </td>
            <td>
              {formatNumber((shares[k * size + found.index] ?? 0) / 255, 2)} {say("rau")}
            </td>
          </tr>
        ))}
      </table>,
    );
  };

  const grouped = layout ? layout.grouped[0] * layout.grouped[1] : 1;
  const captionWidth = layout ? Math.max(layout.width, Math.min(room, 380)) : 0;
  // The place is kept while the map is on its way, so that what stands beside it stays.
  const place =
    layout && (elements.state === "loading" || elements.state === "shown")
      ? { minWidth: `${captionWidth}px`, minHeight: `${pictureHeight(layout)}px` }
      : {};
  return (
    <figure class="elements" style={place} aria-label={say("mapOf", parameter.name)}>
      {elements.state === "none" && (
        <Note text={dashboard.active.value ? say("noSnapshot") : say("notRecordedHow", "track.snapshots: true")} />
      )}
      {elements.state === "before" && <Note text={say("noSnapshotBefore")} />}
      {elements.state === "loading" && <Note text={say("loadingMap")} />}
      {elements.state === "shown" && layout && (
        <>
          <canvas
            ref={canvas}
            width={layout.width}
            height={pictureHeight(layout)}
            role="img"
            aria-label={say("mapOf", parameter.name)}
            onPointerMove={onPointerMove}
            onPointerLeave={hideTip}
          />
          <div class="map-words" style={{ width: `${captionWidth}px` }}>
            <span>
              {layout.inputs > 1 ? say("outputsStrip", formatNumber(layout.outputs)) : say("outputs", formatNumber(layout.outputs))}
            </span>
            {grouped > 1 && <span>{say("grouped", formatNumber(grouped))}</span>}
            {layout.inputs > 1 && <span>{say("inputs", formatNumber(layout.inputs))}</span>}
          </div>
        </>
      )}
    </figure>
  );
}
