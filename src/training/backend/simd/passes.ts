import type { Body } from "./assembler.ts";
import { type IntVariable, type Vector, int, zeros } from "./expressions.ts";
import { type Routine, routine } from "./routine.ts";

const lanes = 4;
const vectorBytes = 16;

/** dx = dy where y > 0, NaN where y is NaN (a lane with all bits set is one), else 0, for `count` vectors. */
export const reluGradient: Routine = routine(["dy", "y", "dx", "count"], (body, p) => {
  const y = body.vector();
  body.countDown(p("count"), () => {
    body.set(y, p("y").vector());
    body.store(p("dx"), p("dy").vector().and(y.greaterThan(zeros)).or(y.differsFrom(y)));
    for (const name of ["dy", "y", "dx"] as const) body.advance(p(name), vectorBytes);
  });
});

/** out = min(max(x, bounds[0]), bounds[1]) for `count` vectors; NaN stays NaN. */
export const bound: Routine = routine(["x", "out", "bounds", "count"], (body, p) => {
  const least = body.vector(p("bounds").splat());
  const most = body.vector(p("bounds").splat(4));
  body.countDown(p("count"), () => {
    body.store(p("out"), p("x").vector().max(least).min(most));
    for (const name of ["x", "out"] as const) body.advance(p(name), vectorBytes);
  });
});

/** out = the greater of a and b, NaN where one of them is, for `count` vectors. Steps are bytes from vector to vector. */
export const maximum: Routine = ofTwo((a, b) => a.max(b));

export const minimum: Routine = ofTwo((a, b) => a.min(b));

function ofTwo(operation: (a: Vector, b: Vector) => Vector): Routine {
  return routine(["a", "b", "out", "aStep", "bStep", "count"], (body, p) => {
    body.countDown(p("count"), () => {
      body.store(p("out"), operation(p("a").vector(), p("b").vector()));
      body.advance(p("a"), p("aStep"));
      body.advance(p("b"), p("bStep"));
      body.advance(p("out"), vectorBytes);
    });
  });
}

/** found = per lane, whether any of `count` vectors has NaN there: all bits, or none. */
export const findNaN: Routine = routine(["x", "found", "count"], (body, p) => {
  const x = body.vector();
  const found = body.vector(zeros);
  body.countDown(p("count"), () => {
    body.set(x, p("x").vector());
    body.set(found, found.or(x.differsFrom(x)));
    body.advance(p("x"), vectorBytes);
  });
  body.store(p("found"), found);
});

/** sums[v] += Σ_group x[group][v], vectors; a group is `width` vectors long. */
export const sumGroups: Routine = routine(["x", "sums", "width", "groupCount"], (body, p) => {
  const sum = body.int();
  const v = body.int();
  body.countDown(p("groupCount"), () => {
    body.set(sum, p("sums"));
    body.set(v, p("width"));
    body.countDown(v, () => {
      body.store(sum, sum.vector().plus(p("x").vector()));
      body.advance(sum, vectorBytes);
      body.advance(p("x"), vectorBytes);
    });
  });
});

/**
 * Adds what every pixel of the output contributes to the pixels of the input it was computed from, for one picture: the
 * opposite of laying out the pieces under a filter.
 *
 *   dx[line][pixel] at segment s, number n  +=  pieces[line][pixel][s][n]
 */
export const scatterPieces: Routine = routine(
  ["pieces", "dx", "dxPixel", "dxLine", "dxSegment", "segmentCount", "segmentLength", "pixelCount", "lineCount"],
  (body, p) => {
    const pixel = body.int();
    const segment = body.int();
    const left = body.int();
    const corner = body.int();
    const start = body.int();
    const to = body.int();
    body.countDown(p("lineCount"), () => {
      body.set(corner, p("dx"));
      body.set(pixel, p("pixelCount"));
      body.countDown(pixel, () => {
        body.set(start, corner);
        body.set(segment, p("segmentCount"));
        body.countDown(segment, () => {
          body.set(to, start);
          body.set(left, p("segmentLength"));
          body.while(left.atLeast(lanes), () => {
            body.store(to, to.vector().plus(p("pieces").vector()));
            for (const address of [to, p("pieces")]) body.advance(address, vectorBytes);
            body.advance(left, -lanes);
          });
          body.while(left.greaterThan(0), () => {
            body.store(to, to.float().plus(p("pieces").float()));
            for (const address of [to, p("pieces")]) body.advance(address, 4);
            body.advance(left, -1);
          });
          body.advance(start, p("dxSegment"));
        });
        body.advance(corner, p("dxPixel"));
      });
      body.advance(p("dx"), p("dxLine"));
    });
  },
);

/**
 * Hands every output's gradient to the first input of its window that is the maximum, for one picture whose windows neither
 * overlap nor reach over the border, with four channels or more. Only the pixels under a window are written. Strides are bytes;
 * the last channels are computed twice where their number is not a multiple of four.
 */
export const maxPoolGradientApart: Routine = routine(
  [
    "x",
    "y",
    "dy",
    "dx",
    "channels",
    "line", // from one line of the picture to the next
    "lineStep", // from one line of windows to the next
    "pixelStep", // from one window to the next
    "outHeight",
    "outWidth",
    "windowHeight",
    "windowWidth",
  ],
  (body, p) => {
    const [outX, corner, channel, offset] = [body.int(), body.int(), body.int(), body.int()];
    const [line, at, wy, wx] = [body.int(), body.int(), body.int(), body.int()];
    const pixelBytes = body.int(p("channels").times(4));
    const lastGroup = body.int(p("channels").minus(lanes));
    const toDx = body.int(p("dx").minus(p("x")));
    const [maximum, gradient, found, hit] = [body.vector(), body.vector(), body.vector(), body.vector()];

    body.countDown(p("outHeight"), () => {
      body.set(corner, p("x"));
      body.set(outX, p("outWidth"));
      body.countDown(outX, () => {
        body.set(channel, int(0));
        body.while(channel.lessThan(p("channels")), fourChannels);
        body.advance(corner, p("pixelStep"));
        for (const address of [p("y"), p("dy")]) body.advance(address, pixelBytes);
      });
      body.advance(p("x"), p("lineStep"));
    });

    function fourChannels(): void {
      body.set(offset, channel.where(channel.lessThan(lastGroup), lastGroup).times(4));
      body.set(maximum, p("y").plus(offset).vector());
      body.set(gradient, p("dy").plus(offset).vector());
      body.set(found, zeros);
      body.set(line, corner.plus(offset));
      body.set(wy, p("windowHeight"));
      body.countDown(wy, () => {
        body.set(at, line);
        body.set(wx, p("windowWidth"));
        body.countDown(wx, () => {
          body.set(hit, at.vector().equals(maximum).andNot(found));
          body.store(at.plus(toDx), gradient.and(hit));
          body.set(found, found.or(hit));
          body.advance(at, pixelBytes);
        });
        body.advance(line, p("line"));
      });
      body.advance(channel, lanes);
    }
  },
);

/**
 * The same for any windows, which may overlap and reach over the border, and any number of channels. `dx` starts at 0.
 */
export const maxPoolGradient: Routine = routine(
  [
    "x",
    "y",
    "dy",
    "dx",
    "height",
    "width",
    "channels",
    "outHeight",
    "outWidth",
    "windowHeight",
    "windowWidth",
    "strideY",
    "strideX",
    "top",
    "left",
  ],
  (body, p) => {
    const outY = body.int(int(0));
    const outX = body.int();
    const channel = body.int();
    const corner = { y: body.int(), x: body.int() };
    const [fromY, toY, fromX, toX] = [body.int(), body.int(), body.int(), body.int()];
    const [y, x] = [body.int(), body.int()];
    const offset = body.int();
    const pixelBytes = body.int(p("channels").times(4));
    const maximum = body.vector();
    const gradient = body.vector();
    const found = body.vector();
    const hit = body.vector();
    const oneFound = body.int();

    body.while(outY.lessThan(p("outHeight")), () => {
      body.set(corner.y, outY.times(p("strideY")).minus(p("top")));
      clamp(body, corner.y, p("windowHeight"), p("height"), fromY, toY);
      body.set(outX, int(0));
      body.while(outX.lessThan(p("outWidth")), () => {
        body.set(corner.x, outX.times(p("strideX")).minus(p("left")));
        clamp(body, corner.x, p("windowWidth"), p("width"), fromX, toX);
        body.set(channel, int(0));
        body.while(channel.plus(lanes).lessThan(p("channels").plus(1)), fourChannels);
        body.while(channel.lessThan(p("channels")), oneChannel);
        for (const address of [p("y"), p("dy")]) body.advance(address, pixelBytes);
        body.advance(outX, 1);
      });
      body.advance(outY, 1);
    });

    function fourChannels(): void {
      const inPixel = channel.times(4);
      body.set(maximum, p("y").plus(inPixel).vector());
      body.set(gradient, p("dy").plus(inPixel).vector());
      body.set(found, zeros);
      overWindow(() => {
        body.set(hit, p("x").plus(offset).vector().equals(maximum).andNot(found));
        body.store(p("dx").plus(offset), p("dx").plus(offset).vector().plus(gradient.and(hit)));
        body.set(found, found.or(hit));
      });
      body.advance(channel, lanes);
    }

    function oneChannel(): void {
      const inPixel = channel.times(4);
      body.set(oneFound, int(0));
      overWindow(() => {
        const isHit = p("x").plus(offset).float().equals(p("y").plus(inPixel).float()).greaterThan(oneFound);
        body.if(isHit, () => {
          body.store(p("dx").plus(offset), p("dx").plus(offset).float().plus(p("dy").plus(inPixel).float()));
          body.set(oneFound, int(1));
        });
      });
      body.advance(channel, 1);
    }

    /** Runs `visit` with `offset` at the current channel of each pixel of the window that lies in the picture. */
    function overWindow(visit: () => void): void {
      body.set(y, fromY);
      body.while(y.lessThan(toY), () => {
        body.set(offset, y.times(p("width")).plus(fromX).times(pixelBytes).plus(channel.times(4)));
        body.set(x, fromX);
        body.while(x.lessThan(toX), () => {
          visit();
          body.advance(offset, pixelBytes);
          body.advance(x, 1);
        });
        body.advance(y, 1);
      });
    }
  },
);

/** from = max(corner, 0), to = min(corner + window, size) */
function clamp(body: Body, corner: IntVariable, window: IntVariable, size: IntVariable, from: IntVariable, to: IntVariable): void {
  body.set(from, corner.where(corner.greaterThan(0), int(0)));
  const end = corner.plus(window);
  body.set(to, end.where(end.lessThan(size), size));
}
