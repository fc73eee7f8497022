/** A line through points with coordinates above 0. */
export interface ChartLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LogChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly ChartLine[];
}

const size = { width: 640, height: 400 };
const plot = { left: 76, right: 456, top: 44, bottom: 344 };
/** Told apart in light and dark, and by most who see fewer colours; each line has marks of its own form besides. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#b0559f"];
const marks = ["circle", "square", "triangle", "diamond"] as const;

/**
 * An SVG picture of lines over two logarithmic axes. A dashed line for each falls as 1/x from its first point: what lies below it fell faster. The
 * background is the picture's own, so it can be read on any page; it is dark where the reader's system is.
 */
export function logChart({ title, xLabel, yLabel, lines }: LogChart): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0 || points.some(({ x, y }) => !(x > 0) || !(y > 0))) {
    throw new RangeError(`"${title}" needs points, and logarithmic axes need coordinates above 0.`);
  }
  const x = axis(points.map((point) => point.x), plot.left, plot.right); // prettier-ignore
  const y = axis(points.map((point) => point.y), plot.bottom, plot.top); // prettier-ignore
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="page" width="${size.width}" height="${size.height}"/>`,
    `<clipPath id="plot"><rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}"/></clipPath>`,
    `<text class="title" x="${plot.left}" y="26">${escaped(title)}</text>`,
    ...x.ticks.flatMap(({ at, text, isWhole }) => [
      `<line class="grid${isWhole ? "" : " fine"}" x1="${at}" x2="${at}" y1="${plot.top}" y2="${plot.bottom}"/>`,
      ...(text === "" ? [] : [`<text x="${at}" y="${plot.bottom + 18}" text-anchor="middle">${text}</text>`]),
    ]),
    ...y.ticks.flatMap(({ at, text, isWhole }) => [
      `<line class="grid${isWhole ? "" : " fine"}" x1="${plot.left}" x2="${plot.right}" y1="${at}" y2="${at}"/>`,
      ...(text === "" ? [] : [`<text x="${plot.left - 8}" y="${at + 4}" text-anchor="end">${text}</text>`]),
    ]),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 42}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text transform="translate(20 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...lines.flatMap((line, index) => drawn(line, index, x.place, y.place)),
    `<line class="linear" x1="${plot.right + 16}" x2="${plot.right + 40}" y1="${legendAt(lines.length)}" y2="${legendAt(lines.length)}"/>`,
    `<text x="${plot.right + 48}" y="${legendAt(lines.length) + 4}">linear</text>`,
    "</svg>",
    "",
  ].join("\n");
}

const style = [
  ".page{fill:#fff} text{font:12px system-ui,sans-serif;fill:#24292f} .title{font-size:14px;font-weight:600}",
  ".grid{stroke:#c9ced6;stroke-width:1} .fine{stroke:#eceff2} .linear{stroke:#6e7781;stroke-width:1.2;stroke-dasharray:4 4;fill:none}",
  "@media(prefers-color-scheme:dark){.page{fill:#0d1117} text{fill:#e6edf3} .grid{stroke:#3d444d} .fine{stroke:#21262d} .linear{stroke:#9198a1}}",
].join(" ");

function drawn({ name, points }: ChartLine, index: number, x: Place, y: Place): readonly string[] {
  const colour = colours[index % colours.length] ?? "";
  const sorted = points.toSorted((a, b) => a.x - b.x);
  const [first, last] = [sorted[0], sorted.at(-1)];
  const path = sorted.map((point) => `${x(point.x)},${y(point.y)}`).join(" ");
  const legend = legendAt(index);
  return [
    ...(first === undefined || last === undefined
      ? []
      : [
          `<line class="linear" clip-path="url(#plot)" x1="${x(first.x)}" y1="${y(first.y)}" x2="${x(last.x)}" y2="${y((first.y * first.x) / last.x)}"/>`,
        ]),
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...sorted.map((point) => mark(index, x(point.x), y(point.y), colour)),
    `<line x1="${plot.right + 16}" x2="${plot.right + 40}" y1="${legend}" y2="${legend}" stroke="${colour}" stroke-width="2"/>`,
    mark(index, plot.right + 28, legend, colour),
    `<text x="${plot.right + 48}" y="${legend + 4}">${escaped(name)}</text>`,
  ];
}

function legendAt(index: number): number {
  return plot.top + 12 + 22 * index;
}

function mark(index: number, x: number, y: number, colour: string): string {
  const form = marks[index % marks.length] ?? "circle";
  const corners = { square: "-4,-4 4,-4 4,4 -4,4", triangle: "0,-5 5,4 -5,4", diamond: "0,-5 5,0 0,5 -5,0" };
  if (form === "circle") return `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`;
  return `<polygon transform="translate(${x} ${y})" points="${corners[form]}" fill="${colour}"/>`;
}

type Place = (value: number) => number;

interface Tick {
  readonly at: number;
  readonly text: string;
  /** A power of ten. */
  readonly isWhole: boolean;
}

/** From the values to pixels, with lines at 1, 2 and 5 times the powers of ten; texts at all of them where there are few. */
function axis(values: readonly number[], from: number, to: number): { readonly place: Place; readonly ticks: readonly Tick[] } {
  const margin = 1.15;
  const [low, high] = [Math.log10(Math.min(...values) / margin), Math.log10(Math.max(...values) * margin)];
  const place = (value: number): number => Number((from + ((Math.log10(value) - low) / (high - low)) * (to - from)).toFixed(1));
  const decades = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, index) => Math.floor(low) + index);
  const few = high - low < 2.5;
  const ticks = decades.flatMap((decade) =>
    [1, 2, 5].flatMap((digit): Tick[] => {
      const exponent = decade + Math.log10(digit);
      if (exponent < low || exponent > high) return [];
      const value = digit * 10 ** decade;
      return [{ at: place(value), text: few || digit === 1 ? numberText(value) : "", isWhole: digit === 1 }];
    }),
  );
  return { place, ticks };
}

function numberText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))} k` : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
