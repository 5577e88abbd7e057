// Medians and their spread. Clocks on shared machines are noisy to one side, so nothing here is a mean.

/** @param {readonly number[]} values at least one, in any order @param {number} part 0 to 1 */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * @param {readonly number[]} values
 * @returns {import('./section.mjs').Figure}
 */
export function figure(values) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75), runs: values.length };
}

/**
 * What `values` is to `base`, element by element: pairs measured next to each other saw the same machine. The interval is that
 * of the median by order statistics, which assumes nothing of how the noise is distributed.
 * @param {readonly number[]} values @param {readonly number[]} base as many
 * @returns {import('./section.mjs').Ratio}
 */
export function ratio(values, base) {
  if (values.length !== base.length) throw new RangeError(`${values.length} values and ${base.length} to compare with`);
  const pairs = values.map((value, index) => value / base[index]).sort((a, b) => a - b);
  const half = (1.96 * Math.sqrt(pairs.length)) / 2;
  const low = Math.max(0, Math.floor(pairs.length / 2 - half));
  const high = Math.min(pairs.length - 1, Math.ceil(pairs.length / 2 + half));
  return { ratio: median(pairs), low: pairs[low], high: pairs[high], pairs: pairs.length };
}

/**
 * Least squares with the 95 % confidence interval of the slope. Residuals of a soak hang together, so the series is cut into
 * `blocks` whose means take part, one point each.
 * @param {readonly {x: number, y: number}[]} points in the order of x
 * @param {number} blocks at least 3
 */
export function slope(points, blocks = 12) {
  const means = blockMeans(points, Math.min(blocks, points.length));
  const n = means.length;
  if (n < 3) throw new RangeError('a slope with an interval needs three points');
  const x = means.reduce((sum, point) => sum + point.x, 0) / n;
  const y = means.reduce((sum, point) => sum + point.y, 0) / n;
  const sxx = means.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const value = means.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / sxx;
  const residuals = means.reduce((sum, point) => sum + (point.y - y - value * (point.x - x)) ** 2, 0);
  const half = studentT(n - 2) * Math.sqrt(residuals / (n - 2) / sxx);
  return { slope: value, low: value - half, high: value + half };
}

function blockMeans(points, blocks) {
  return Array.from({ length: blocks }, (_, block) => {
    const part = points.slice(
      Math.floor((block * points.length) / blocks),
      Math.floor(((block + 1) * points.length) / blocks),
    );
    const mean = (key) => part.reduce((sum, point) => sum + point[key], 0) / part.length;
    return { x: mean('x'), y: mean('y') };
  });
}

/** Two-sided 95 % quantiles of Student's distribution by degrees of freedom, from 1. */
const STUDENT_T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

function studentT(freedom) {
  return STUDENT_T[freedom - 1] ?? 2.228;
}
