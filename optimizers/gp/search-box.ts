/**
 * The maximum of a function over the unit box: candidates, then a pattern search from the best of them, coordinate by
 * coordinate. Points on the edge of the box are found exactly.
 */
const { max, min } = Math;
const STARTS = 3;
const FIRST_STEP = 0.1;
const LAST_STEP = 0.004;

/** @param candidates at least one point of the box */
export function searchBox(f: (x: Float64Array) => number, candidates: readonly Float64Array[]): Float64Array {
  const starts = candidates
    .map((x) => ({ x, value: f(x) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, STARTS);
  return starts.map(({ x, value }) => climb(f, x, value)).reduce((a, b) => (b.value > a.value ? b : a)).x;
}

function climb(
  f: (x: Float64Array) => number,
  start: Float64Array,
  startValue: number,
): { readonly x: Float64Array; readonly value: number } {
  let [x, value] = [start, startValue];
  for (let step = FIRST_STEP; step >= LAST_STEP; step /= 2) {
    for (let i = 0; i < x.length; i += 1) {
      for (const change of [step, -step]) {
        const to = x.slice();
        to[i] = max(0, min(1, to[i]! + change));
        if (to[i] === x[i]) continue;
        const found = f(to);
        if (found > value) [x, value] = [to, found];
      }
    }
  }
  return { x, value };
}
