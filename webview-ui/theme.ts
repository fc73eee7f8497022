import { type ReadonlySignal, signal } from "@preact/signals";
import { css, inkOn, mix, type Rgb } from "./colour.ts";

/**
 * Colours for canvases, which do not know CSS variables: read from the host's tokens at the start and whenever the theme
 * changes. The task palette is the page's only own set of colours (style/tokens.css).
 */

/** Steps of a ramp from neutral (shared) to a task's hue (owned). */
const rampSteps = 64;

/** Tasks with a colour of their own, in the order of the config; later ones share one and are told apart by their names. */
const paletteSize = 32;

export interface Theme {
  readonly foreground: string;
  readonly description: string;
  readonly background: string;
  readonly grid: string;
  readonly lines: string;
  readonly red: string;
  readonly neutral: Rgb;
  readonly fontFamily: string;
  /** Hue of a task by its place in the config. */
  task(index: number): Rgb;
  /** Between neutral (strength 0) and the task's hue (strength 1). */
  owned(index: number, strength: number): Rgb;
}

/** Custom property with the hue of a task. */
export function taskVariable(index: number): string {
  return index < paletteSize ? `var(--task-${index + 1})` : "var(--other)";
}

/** The theme as it is now; a signal, so that drawings follow it. */
export function watchTheme(document: Document): { readonly theme: ReadonlySignal<Theme>; dispose(): void } {
  const theme = signal(readTheme(document));
  const observer = new MutationObserver(() => {
    theme.value = readTheme(document);
  });
  // The host changes the classes of the body and the custom properties on the root element.
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  return { theme, dispose: () => observer.disconnect() };
}

function readTheme(document: Document): Theme {
  const tokens = getComputedStyle(document.body);
  const pen = pixel(document);
  const background = parse("--vscode-editor-background", [31, 31, 31]);
  const foreground = parse("--vscode-foreground", [204, 204, 204]);
  const lines = parse("--vscode-charts-lines", mix(background, foreground, 0.5));
  const highContrast = document.body.classList.contains("vscode-high-contrast");
  const neutral = mix(background, foreground, highContrast ? 0.36 : 0.18);
  const other = parse("--other", mix(background, foreground, 0.6));
  const hues = Array.from({ length: paletteSize }, (_, k) => parse(`--task-${k + 1}`, other));
  const hue = (index: number): Rgb => hues[index] ?? other;
  const ramps = new Map<number, readonly Rgb[]>();
  const ramp = (index: number): readonly Rgb[] => {
    const key = Math.min(index, paletteSize);
    const known = ramps.get(key);
    if (known) return known;
    const made = Array.from({ length: rampSteps + 1 }, (_, i) => mix(neutral, hue(key), i / rampSteps));
    ramps.set(key, made);
    return made;
  };
  return {
    foreground: css(foreground),
    description: css(parse("--vscode-descriptionForeground", foreground)),
    background: css(background),
    grid: css(mix(background, lines, highContrast ? 0.6 : 0.4)),
    lines: css(lines),
    red: css(parse("--vscode-charts-red", [241, 76, 76])),
    neutral,
    fontFamily: tokens.fontFamily,
    task: hue,
    owned: (index, strength) => ramp(index)[Math.round(rampSteps * Math.min(1, Math.max(0, strength)))] ?? neutral,
  };

  function parse(token: string, fallback: Rgb): Rgb {
    const value = tokens.getPropertyValue(token).trim();
    return value === "" ? fallback : pen(value, token === "--vscode-editor-background" ? null : css(background));
  }
}

/** Reads any colour CSS knows by painting one pixel with it, over a background where it is translucent. */
function pixel(document: Document): (colour: string, under: string | null) => Rgb {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no 2D canvas, which the dashboard draws on.");
  return (colour, under) => {
    context.fillStyle = under ?? "#000000";
    context.fillRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
}

/** Black or white on the fill of a task. */
export function inkOnTask(theme: Theme, index: number): string {
  return inkOn(theme.task(index));
}
