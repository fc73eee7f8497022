import type { Body } from "./assembler.ts";
import { type IntVariable, type Vector, type VectorVariable, int, zeros } from "./expressions.ts";
import { type Routine, at, routine } from "./routine.ts";

/** Floats in a vector. */
const lanes = 4;
const vectorBytes = 16;

/**
 * Products of rows with packed panels of `vectors · 4` columns each; the one loop behind matrix products and convolutions.
 *
 *   out[line][row][column] = max?(bias[column] + Σ_s Σ_k a[line][row][s][k] · panels[s · length + k][column])
 *
 * A row of `a` is `segmentCount` pieces of `segmentLength` numbers: one piece for a matrix, one for each row of the filter for
 * a convolution, whose rows overlap in the picture, so that nothing has to be copied.
 * All strides are bytes. `group` rows are computed at a time; the last group reaches back and computes some rows again, with
 * the same result, so there must be at least `group` rows. Stored are `columns` of each row; of the last panel's more than
 * `vectors · 4 - 4`. Panels follow each other.
 */
export function rowsTimesPanel(group: number, vectors: number): Routine {
  return routine(
    [
      "a", // address of the first number
      "aStep", // from one number of a piece to the next
      "aRow", // from one row to the next
      "aLine", // from one line of rows to the next
      "segmentCount",
      "segmentLength", // numbers
      "segmentGap", // from the end of one piece to the start of the next
      "panels",
      "out",
      "outRow",
      "outLine",
      "rowCount",
      "lineCount",
      "columns",
      "bias", // address, or 0 for none; read whole panels wide
      "relu", // 1 to cut off below 0
    ],
    (body, p) => {
      const row = body.int();
      const line = body.int();
      const lineA = body.int();
      const lineOut = body.int();
      const first = body.int();
      const weights = body.int();
      const segment = body.int();
      const k = body.int();
      const out = body.int();
      const a = variables(group, () => body.int());
      const sums = variables(group, () => variables(vectors, () => body.vector()));
      const b = variables(vectors, () => body.vector());
      const factor = body.vector();

      body.while(p("columns").greaterThan(0), () => {
        body.set(lineA, p("a"));
        body.set(lineOut, p("out"));
        body.set(line, p("lineCount"));
        body.countDown(line, oneLine);
        body.set(p("panels"), weights);
        body.advance(p("out"), vectors * vectorBytes);
        body.if(p("bias"), () => body.advance(p("bias"), vectors * vectorBytes));
        body.advance(p("columns"), -vectors * lanes);
      });

      function oneLine(): void {
        body.set(row, int(0));
        body.while(row.lessThan(p("rowCount")), () => {
          const end = p("rowCount").minus(group);
          body.set(first, row.where(row.lessThan(end), end));
          a.forEach((address, r) => body.set(address, r === 0 ? lineA.plus(first.times(p("aRow"))) : at(a, r - 1).plus(p("aRow"))));
          startWithBias();
          body.set(weights, p("panels"));
          body.set(segment, p("segmentCount"));
          body.countDown(segment, () => {
            body.set(k, p("segmentLength"));
            body.countDown(k, accumulate);
            for (const address of a) body.advance(address, p("segmentGap"));
          });
          body.if(p("relu"), () => sums.flat().forEach((sum) => body.set(sum, sum.max(zeros))));
          body.set(out, lineOut.plus(first.times(p("outRow"))));
          for (const ofRow of sums) {
            storeColumns(body, out, ofRow, p("columns"));
            body.advance(out, p("outRow"));
          }
          body.advance(row, group);
        });
        body.advance(lineA, p("aLine"));
        body.advance(lineOut, p("outLine"));
      }

      function startWithBias(): void {
        body.if(
          p("bias"),
          () => b.forEach((vector, v) => body.set(vector, p("bias").vector(v * vectorBytes))),
          () => b.forEach((vector) => body.set(vector, zeros)),
        );
        for (const ofRow of sums) ofRow.forEach((sum, v) => body.set(sum, at(b, v)));
      }

      function accumulate(): void {
        b.forEach((vector, v) => body.set(vector, weights.vector(v * vectorBytes)));
        a.forEach((address, r) => {
          body.set(factor, address.splat());
          at(sums, r).forEach((sum, v) => body.set(sum, sum.plus(factor.times(at(b, v)))));
        });
        for (const address of a) body.advance(address, p("aStep"));
        body.advance(weights, vectors * vectorBytes);
      }
    },
  );
}

/**
 * Sums of outer products over the pixels of one picture, `group` by `vectors · 4` numbers at a time: a filter's gradient.
 *
 *   out[tile · group + r][column] += Σ_line Σ_pixel x[line][pixel][tile · group + r] · dy[line][pixel][column]
 *
 * All strides are bytes; lines of `dy` follow each other without gaps. Panels are read and written whole: `out` must have
 * the room, and what lies behind the last column of `dy` must be readable.
 */
export function outerProducts(group: number, vectors: number): Routine {
  return routine(
    [
      "x", // address of the first number
      "xPixel", // from one pixel to the next
      "xLineGap", // from the end of one line of pixels to the start of the next
      "dy",
      "dyPixel",
      "out",
      "outRow",
      "pixelCount", // in a line
      "lineCount",
      "tileCount",
    ],
    (body, p) => {
      const line = body.int();
      const pixel = body.int();
      const x = body.int();
      const dy = body.int();
      const sums = variables(group, () => variables(vectors, () => body.vector()));
      const b = variables(vectors, () => body.vector());
      const factor = body.vector();

      body.countDown(p("tileCount"), () => {
        for (const sum of sums.flat()) body.set(sum, zeros);
        body.set(x, p("x"));
        body.set(dy, p("dy"));
        body.set(line, p("lineCount"));
        body.countDown(line, () => {
          body.set(pixel, p("pixelCount"));
          body.countDown(pixel, accumulate);
          body.advance(x, p("xLineGap"));
        });
        for (const ofRow of sums) {
          ofRow.forEach((sum, v) =>
            body.store(
              p("out"),
              p("out")
                .vector(v * vectorBytes)
                .plus(sum),
              v * vectorBytes,
            ),
          );
          body.advance(p("out"), p("outRow"));
        }
        body.advance(p("x"), group * 4);
      });

      function accumulate(): void {
        b.forEach((vector, v) => body.set(vector, dy.vector(v * vectorBytes)));
        sums.forEach((ofRow, r) => {
          body.set(factor, x.splat(r * 4));
          ofRow.forEach((sum, v) => body.set(sum, sum.plus(factor.times(at(b, v)))));
        });
        body.advance(x, p("xPixel"));
        body.advance(dy, p("dyPixel"));
      }
    },
  );
}

/**
 * Copies a matrix of `rowCount` rows, whose numbers follow each other, into `panelCount` panels `vectors · 4` columns wide,
 * one behind the other. Panels are read whole: what lies behind the last column must be readable.
 */
export function packRows(vectors: number): Routine {
  return routine(["from", "rowStride", "panels", "rowCount", "panelCount"], (body, p) => {
    const row = body.int();
    const from = body.int();
    body.countDown(p("panelCount"), () => {
      body.set(from, p("from"));
      body.set(row, p("rowCount"));
      body.countDown(row, () => {
        for (let v = 0; v < vectors; v++) body.store(p("panels"), from.vector(v * vectorBytes), v * vectorBytes);
        body.advance(from, p("rowStride"));
        body.advance(p("panels"), vectors * vectorBytes);
      });
      body.advance(p("from"), vectors * vectorBytes);
    });
  });
}

/**
 * The same of the transposed matrix: copies its `columns` rows of `count` numbers each into the columns of panels. Columns
 * that the last panel lacks repeat the last there is.
 */
export function packTransposed(vectors: number): Routine {
  return routine(["from", "rowStride", "panels", "count", "columns"], (body, p) => {
    const k = body.int();
    const sources = variables(vectors * lanes, () => body.int());
    const rows = variables(lanes, () => body.vector());
    body.while(p("columns").greaterThan(0), () => {
      sources.forEach((source, column) => {
        const previous = column === 0 ? p("from") : at(sources, column - 1);
        body.set(source, column === 0 ? previous : previous.plus(p("rowStride")).where(p("columns").greaterThan(column), previous));
      });
      body.set(k, p("count"));
      body.while(k.atLeast(lanes), () => {
        for (let v = 0; v < vectors; v++) {
          rows.forEach((row, r) => body.set(row, at(sources, v * lanes + r).vector()));
          transposed(rows).forEach((column, c) => body.store(p("panels"), column, (c * vectors + v) * vectorBytes));
        }
        for (const source of sources) body.advance(source, vectorBytes);
        body.advance(p("panels"), vectors * lanes * vectorBytes);
        body.advance(k, -lanes);
      });
      body.while(k.greaterThan(0), () => {
        sources.forEach((source, column) => body.store(p("panels"), source.float(), column * 4));
        for (const source of sources) body.advance(source, 4);
        body.advance(p("panels"), vectors * vectorBytes);
        body.advance(k, -1);
      });
      body.advance(p("from"), p("rowStride").times(vectors * lanes));
      body.advance(p("columns"), -vectors * lanes);
    });
  });
}

/** The columns of four rows of four numbers. */
export function transposed(rows: readonly Vector[]): readonly Vector[] {
  const [a, b, c, d] = [at(rows, 0), at(rows, 1), at(rows, 2), at(rows, 3)];
  return [0, 1, 2, 3].map((lane) => {
    // a and c, b and d side by side, then the two together.
    const left = a.shuffled(c, [lane, lane, 4 + lane, 4 + lane]);
    const right = b.shuffled(d, [lane, lane, 4 + lane, 4 + lane]);
    return left.shuffled(right, [0, 4, 2, 6]);
  });
}

/** Whole vectors where all columns count, else single lanes of the last vector. */
function storeColumns(body: Body, out: IntVariable, sums: readonly VectorVariable[], columns: IntVariable): void {
  const last = sums.length - 1;
  const partial = at(sums, last);
  const offset = last * vectorBytes;
  sums.slice(0, last).forEach((sum, v) => body.store(out, sum, v * vectorBytes));
  body.if(
    columns.atLeast(sums.length * lanes),
    () => body.store(out, partial, offset),
    () => {
      body.storeLane(out, partial, 0, offset);
      body.if(columns.greaterThan(last * lanes + 1), () => body.storeLane(out, partial, 1, offset + 4));
      body.if(columns.greaterThan(last * lanes + 2), () => body.storeLane(out, partial, 2, offset + 8));
    },
  );
}

function variables<T>(count: number, make: () => T): readonly T[] {
  return Array.from({ length: count }, make);
}
