import { useRef } from "preact/hooks";
import { formatNumber } from "../../src/analysis/format.ts";
import { usePage } from "../parts/context.ts";
import { IconButton } from "../parts/button.tsx";
import { say } from "../strings.ts";
import { epochMarks } from "./epoch-marks.ts";
import { epochWords } from "./epoch-words.ts";
import type { Looking } from "./ownership.tsx";
import { usePlayback } from "./playback.ts";

const axisHeight = 40;

/** The x axis is the slider: it rests at a moment, or follows the end of a run that goes on. */
export function TimeAxis({ looking, live }: { readonly looking: Looking; readonly live: boolean }) {
  const { dashboard } = usePage();
  const { description, width, step, end, following } = looking;
  const axis = useRef<HTMLDivElement>(null);
  const epoch = Math.max(1, description.stepsPerEpoch);
  const total = Math.max(1, description.totalSteps);
  const x = (at: number): number => (at / total) * width;

  const playback = usePlayback();
  const go = (to: number): void => {
    playback.stop();
    dashboard.remember({ moment: to >= end ? null : Math.max(0, Math.round(to)) });
  };
  const toPointer = (event: PointerEvent): void => {
    const box = axis.current?.getBoundingClientRect();
    if (box && width > 0) go(((event.clientX - box.left) / width) * total);
  };
  const onPointerDown = (event: PointerEvent): void => {
    axis.current?.setPointerCapture(event.pointerId);
    toPointer(event);
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (axis.current?.hasPointerCapture(event.pointerId)) toPointer(event);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = {
      ArrowLeft: step - epoch / 10,
      ArrowDown: step - epoch / 10,
      ArrowRight: step + epoch / 10,
      ArrowUp: step + epoch / 10,
      PageDown: step - epoch,
      PageUp: step + epoch,
      Home: 0,
      End: Infinity,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };

  const words = `${epochWords(step, description)}${following && live ? `, ${say("live")}` : ""}`;
  const atRight = x(step) > width - 40;
  const atLeft = x(step) < 40;
  return (
    <>
      <div class="axis-buttons">
        {!following && <IconButton icon="debug-restart" label={say("goLive")} onClick={() => go(Infinity)} />}
        {playback.possible && (
          <IconButton
            icon={playback.playing ? "debug-pause" : "play"}
            label={say(playback.playing ? "pauseMaps" : "playMaps")}
            onClick={() => playback.toggle()}
          />
        )}
      </div>
      <div
        ref={axis}
        class="axis"
        role="slider"
        tabIndex={0}
        aria-label={say("time")}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, end)}
        aria-valuenow={Math.max(0, step)}
        aria-valuetext={words}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onKeyDown={onKeyDown}
      >
        <svg width={width} height={axisHeight} aria-hidden="true">
          {epochMarks(total / epoch, width).map((mark) => {
            const last = mark * epoch >= total * 0.999;
            const left = x(mark * epoch);
            if (end >= 0 && Math.abs(left - (last ? 24 : 0) - x(step)) < (last ? 40 : 18)) return null;
            return (
              <text key={mark} x={left} y={18} text-anchor={last ? "end" : mark === 0 ? "start" : "middle"}>
                {last
                  ? say("epochs", formatNumber(mark, Number.isInteger(mark) ? 0 : 1))
                  : formatNumber(mark, Number.isInteger(mark) ? 0 : 1)}
              </text>
            );
          })}
          {end >= 0 && (
            <>
              <line class="handle" x1={x(step)} x2={x(step)} y1={0} y2={8} />
              <rect class="grip" x={x(step) - 5} y={7} width={10} height={14} />
              <text
                class="handle-words"
                x={atRight ? x(step) + 5 : atLeft ? Math.max(0, x(step) - 5) : x(step)}
                y={34}
                text-anchor={atRight ? "end" : atLeft ? "start" : "middle"}
              >
                {words}
              </text>
            </>
          )}
        </svg>
      </div>
      <div />
    </>
  );
}
