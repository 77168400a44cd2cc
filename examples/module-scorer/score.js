/**
 * Colourfulness (Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images", M3):
 * rg = R - G, yb = (R + G) / 2 - B over all pixels, M3 = sqrt(s_rg^2 + s_yb^2) + 0.3 sqrt(m_rg^2 + m_yb^2),
 * with means m and population standard deviations s, for R, G, B from 0 to 255. Grey is 0.
 */

function colourfulness({ data }) {
  const n = data.length / 3;
  let rgSum = 0;
  let rgSquares = 0;
  let ybSum = 0;
  let ybSquares = 0;
  for (let i = 0; i < data.length; i += 3) {
    const rg = data[i] - data[i + 1];
    const yb = (data[i] + data[i + 1]) / 2 - data[i + 2];
    rgSum += rg;
    rgSquares += rg * rg;
    ybSum += yb;
    ybSquares += yb * yb;
  }
  const [rgMean, ybMean] = [rgSum / n, ybSum / n];
  const variance = rgSquares / n - rgMean ** 2 + (ybSquares / n - ybMean ** 2);
  return Math.sqrt(Math.max(0, variance)) + 0.3 * Math.hypot(rgMean, ybMean);
}

/** @type {import('qsched').PluginScorer} */
export const scorer = {
  score: ({ images }) => ({ colourfulness: images.map(colourfulness) }),
};
