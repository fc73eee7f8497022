import type { TextPosition, TextRange } from "./diagnostic.ts";

/** Where the lines of a text begin; turns offsets into positions and back. Lines end as in editors: \n, \r\n or \r. */
export interface TextLines {
  readonly text: string;
  /** Position of an offset; offsets outside the text are brought to its nearer end. */
  position(offset: number): TextPosition;
  range(start: number, end: number): TextRange;
  /** Offset of a position; one outside the text is brought to the nearer end of its line. */
  offset(position: TextPosition): number;
  /** Text of a line without its end. */
  line(index: number): string;
  readonly count: number;
}

export function linesOf(text: string): TextLines {
  const starts = [0];
  const ends: number[] = [];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) {
    ends.push(match.index);
    starts.push(match.index + match[0].length);
  }

  const startOf = (line: number): number => starts[line] ?? text.length;
  const endOf = (line: number): number => ends[line] ?? text.length;
  const position = (offset: number): TextPosition => {
    const at = Math.max(0, Math.min(offset, text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (startOf(middle) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: Math.min(at, endOf(low)) - startOf(low) };
  };
  const line = (index: number): string => text.slice(startOf(index), endOf(index));

  return {
    text,
    count: starts.length,
    position,
    line,
    range: (start, end) => ({ start: position(start), end: position(end) }),
    offset(at) {
      const index = Math.max(0, Math.min(at.line, starts.length - 1));
      return Math.min(endOf(index), startOf(index) + Math.max(0, at.column));
    },
  };
}
