import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Tip {
  /** Of the pointer, in the window. */
  readonly x: number;
  readonly y: number;
  readonly content: ComponentChildren;
}

const tip = signal<Tip | null>(null);
const gap = 14;

/** Shows the page's one tooltip beside the pointer. */
export function showTip(at: { readonly clientX: number; readonly clientY: number }, content: ComponentChildren): void {
  tip.value = { x: at.clientX, y: at.clientY, content };
}

export function hideTip(): void {
  tip.value = null;
}

/** The one tooltip, over everything. Pointer readers see it; others have the read-outs and tables. */
export function Tooltip() {
  const box = useRef<HTMLDivElement>(null);
  const shown = tip.value;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !shown) return;
    const { offsetWidth, offsetHeight } = element;
    const right = shown.x + gap;
    element.style.left = `${right + offsetWidth > window.innerWidth ? Math.max(4, shown.x - offsetWidth - gap) : right}px`;
    element.style.top = `${Math.max(4, Math.min(shown.y + gap, window.innerHeight - offsetHeight - 4))}px`;
  }, [shown]);
  if (!shown) return null;
  return (
    <div ref={box} class="tooltip" aria-hidden="true">
      {shown.content}
    </div>
  );
}
