import { formatNumber, formatShare } from "../../src/analysis/format.ts";
import { strengthOf } from "../../src/analysis/ownership.ts";
import { dominanceThreshold, histogramBins, type TaskDescription } from "../../src/experiment/record.ts";
import { css } from "../colour.ts";
import { usePage } from "../parts/context.ts";
import { Note } from "../parts/note.tsx";
import { hideTip, showTip } from "../parts/tooltip.tsx";
import { say } from "../strings.ts";
import type { Counts } from "./moments.ts";
import type { Looking } from "./ownership.tsx";
import { cellColour } from "./pictures.ts";

interface HistogramProps {
  readonly looking: Looking;
  readonly tasks: readonly TaskDescription[];
  readonly counts: Counts | null;
}

const width = 132;
const tall = 220;
const each = 54;
/** Letters of a name beside its percentage. */
const mostLetters = 14;

/** How mixed: weights over rAU. Bars have the colour of their rAU, so it is the key to the map too. */
export function Histogram({ looking, tasks, counts }: HistogramProps) {
  const [first] = tasks;
  if (!counts || !first) return <Note text={say("noHistogram")} />;
  return (
    <figure class="histogram" aria-label={say("histogram")}>
      {tasks.length === 2 ? (
        <Diverging looking={looking} tasks={tasks} counts={counts} />
      ) : (
        <OneEach looking={looking} tasks={tasks} counts={counts} />
      )}
      <figcaption class="small muted">{tasks.length === 2 ? say("histogramOf", first.id) : say("histogramEach")}</figcaption>
    </figure>
  );
}

type ReadyProps = HistogramProps & { readonly counts: Counts };

/** Two tasks: one histogram says both, rAU of the first upwards, of the second downwards. */
function Diverging({ looking: { description, alone }, tasks, counts }: ReadyProps) {
  const { theme } = usePage();
  const [bins = new Float32Array(histogramBins)] = counts;
  const most = Math.max(...bins, 1);
  const total = bins.reduce((sum, count) => sum + count, 0);
  const bar = tall / histogramBins;
  const colouring = { theme: theme.value, tasks: tasks.map((task) => description.tasks.indexOf(task)), alone };
  return (
    <svg width={width} height={tall} role="img" aria-label={`${say("histogramOf", tasks[0]?.id ?? "")}: ${summary(bins, total)}`}>
      {[...bins].map((count, bin) => {
        const middle = (bin + 0.5) / histogramBins;
        const colour = cellColour([middle, 1 - middle], colouring);
        return (
          <rect
            key={bin}
            x={0}
            y={tall - (bin + 1) * bar + 0.5}
            width={Math.max(count > 0 ? 1 : 0, (count / most) * (width - 2))}
            height={bar - 1}
            style={{ fill: colour ? css(colour) : "var(--neutral)" }}
            onPointerMove={(event) => showTip(event, binWords(bin, count, total))}
            onPointerLeave={hideTip}
          />
        );
      })}
      {[dominanceThreshold, 1 - dominanceThreshold].map((threshold) => (
        <g key={threshold}>
          <line class="threshold" x1={0} x2={width} y1={tall * (1 - threshold)} y2={tall * (1 - threshold)} />
          <text x={width + 4} y={tall * (1 - threshold) + 4}>
            {formatNumber(threshold, 1)}
          </text>
        </g>
      ))}
    </svg>
  );
}

/** More tasks: one histogram each, rAU from 0 to 1, with the part of the weights above the threshold. */
function OneEach({ looking: { description, alone }, tasks, counts }: ReadyProps) {
  const { theme } = usePage();
  // The first bin holds all weights a task does not touch; it may run out of the picture.
  const most = Math.max(1, ...counts.flatMap((bins) => [...bins.subarray(1)]));
  const bar = width / histogramBins;
  return (
    <svg width={width} height={each * tasks.length} role="img" aria-label={say("histogram")}>
      {tasks.map((task, k) => {
        const bins = counts[k] ?? new Float32Array(histogramBins);
        const index = description.tasks.indexOf(task);
        const total = bins.reduce((sum, count) => sum + count, 0);
        const base = (k + 1) * each - 2;
        const owned = bins.subarray(Math.round(dominanceThreshold * histogramBins)).reduce((sum, count) => sum + count, 0);
        return (
          <g key={task.id} opacity={alone === null || alone === index ? 1 : 0.35}>
            {[...bins].map((count, bin) => {
              const high = Math.min(1, count / most) * (each - 20);
              const strength = strengthOf((bin + 0.5) / histogramBins, tasks.length);
              return (
                <rect
                  key={bin}
                  x={bin * bar}
                  y={base - high}
                  width={bar - 0.6}
                  height={high}
                  style={{ fill: css(theme.value.owned(index, strength)) }}
                  onPointerMove={(event) => showTip(event, binWords(bin, count, total))}
                  onPointerLeave={hideTip}
                />
              );
            })}
            <text class="name" x={0} y={k * each + 11}>
              {shortened(task.id)}
              <title>{task.id}</title>
            </text>
            <text class="name strong" x={width} y={k * each + 11} text-anchor="end">
              {formatShare(total > 0 ? owned / total : 0)}
            </text>
            <line class="base" x1={0} x2={width} y1={base + 0.5} y2={base + 0.5} />
          </g>
        );
      })}
    </svg>
  );
}

/** Cut in the middle: names of many tasks often differ at their ends. */
function shortened(name: string): string {
  return name.length > mostLetters ? `${name.slice(0, mostLetters / 2 - 1)}…${name.slice(-mostLetters / 2)}` : name;
}

function binWords(bin: number, count: number, total: number): string {
  const range = say("binRange", formatNumber(bin / histogramBins, 2), formatNumber((bin + 1) / histogramBins, 2));
  return `${say("rau")} ${range}: ${say("weightsCount", formatNumber(count))}, ${formatShare(total > 0 ? count / total : 0)}`;
}

/** Parts below 0.1, between, and above 0.9, for those who do not see the bars. */
function summary(bins: Float32Array, total: number): string {
  const part = (from: number, to: number): string =>
    formatShare(total > 0 ? bins.subarray(from, to).reduce((sum, count) => sum + count, 0) / total : 0);
  return `${say("binRange", 0, 0.1)} ${part(0, 2)}, ${say("binRange", 0.1, 0.9)} ${part(2, 18)}, ${say("binRange", 0.9, 1)} ${part(18, 20)}`;
}
