import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Lab, type Rgb, toLab } from "../../../webview-ui/colour.ts";

const tokens = readFileSync(new URL("../../../webview-ui/style/tokens.css", import.meta.url), "utf8");
const all = [...tokens.matchAll(/--task-(\d+): #([0-9a-f]{6});/g)].map(([, , hex = ""]) => hex);
const tones = [
  { tone: "dark", colours: all.slice(0, 16), background: "1f1f1f", red: "f14c4c" },
  { tone: "light", colours: all.slice(16), background: "ffffff", red: "e51400" },
];

/** How colours look without one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB. */
const visions = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
} as const;

describe.each(tones)("task colours, $tone", ({ colours, background, red }) => {
  test("are sixteen, readable as text on the background, and none is mistaken for red", () => {
    expect(new Set(colours).size).toBe(16);
    for (const colour of colours) {
      expect(contrast(linear(colour), linear(background))).toBeGreaterThanOrEqual(4.5);
      expect(distance(lab(colour), lab(red))).toBeGreaterThan(8.5);
    }
  });

  test.each(["normal", "deuteranopia", "protanopia"] as const)("are told apart with %s vision", (vision) => {
    const seen = colours.map((colour) => lab(colour, vision));
    const least = (count: number): number =>
      Math.min(...seen.slice(0, count).flatMap((a, i) => seen.slice(i + 1, count).map((b) => distance(a, b))));
    expect(least(8)).toBeGreaterThan(12);
    expect(least(16)).toBeGreaterThan(6.5);
  });
});

function linear(hex: string): Rgb {
  const channel = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(0), channel(2), channel(4)];
}

function lab(hex: string, vision: keyof typeof visions = "normal"): Lab {
  const [r, g, b] = linear(hex);
  const seen = visions[vision].map(([x, y, z]) => Math.min(1, Math.max(0, x * r + y * g + z * b)));
  const [red = 0, green = 0, blue = 0] = seen.map(
    (value) => 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055),
  );
  return toLab([red, green, blue]);
}

/** OKLab ΔE × 100. */
function distance(a: Lab, b: Lab): number {
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([red, green, blue]: Rgb): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}
