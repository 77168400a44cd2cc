/**
 * The history of a search: every candidate's score, the best so far, and the baseline.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { counted, fixed } from './numbers.js';

type Trial = SearchDocument['trials'][number];
type Scored = Trial & { readonly score: number };

/** Above this many candidates they have no tooltip each. */
const MOST_TITLES = 400;

/** @returns SVG text; null before the first score */
export function historyChart(trials: readonly Trial[], baseline: number | null, width: number): string | null {
  const calibration = trials.filter(({ stage, number }) => stage === 'calibration' && number > 0);
  const scored = calibration.filter((trial): trial is Scored => trial.score !== null);
  if (scored.length === 0) return null;
  const [low, high] = limits(scored, baseline);
  const inside = scored.filter(({ score }) => score >= low);
  const below = scored.filter(({ score }) => score < low);
  const failed = calibration.filter(({ status }) => status === 'failed');
  const best = calibration.filter((trial) => trial.best !== null);
  const last = best.at(-1);
  const narrow = width < 500;
  const title =
    scored.length <= MOST_TITLES
      ? {
          title: ({ number, score, status }: Scored) =>
            `candidate ${number}: ${fixed(score)}${status === 'raced' ? ', raced out' : ''}`,
        }
      : {};
  const words = {
    title: 'History of the search',
    description:
      `${counted(scored.length, 'scored candidate')}; the best has ${fixed(last?.best ?? null)}, ` +
      `the baseline ${fixed(baseline)}.`,
  };
  return drawChart(words, {
    width,
    height: narrow ? 240 : 300,
    marginLeft: 46,
    marginRight: narrow ? 12 : 84,
    marginTop: 24,
    marginBottom: 42,
    x: {
      label: 'candidate',
      labelAnchor: 'center',
      labelOffset: 36,
      domain: [0, calibration.at(-1)?.number ?? 1],
      ticks: narrow ? 4 : 8,
      insetRight: 4,
    },
    y: { label: 'score', domain: [low, high], grid: true, ticks: 5, insetBottom: 12 },
    marks: [
      ...(baseline === null
        ? []
        : [Plot.ruleY([baseline], { stroke: 'var(--baseline)', strokeWidth: 1.5, strokeDasharray: '5 4' })]),
      Plot.dot(
        inside.filter(({ status }) => status !== 'raced'),
        {
          x: 'number',
          y: 'score',
          r: scored.length > MOST_TITLES ? 1.5 : 2.5,
          fill: 'var(--finalist)',
          fillOpacity: 0.6,
          ...title,
        },
      ),
      Plot.dot(
        inside.filter(({ status }) => status === 'raced'),
        {
          x: 'number',
          y: 'score',
          r: scored.length > MOST_TITLES ? 1.5 : 2.5,
          stroke: 'var(--finalist)',
          strokeOpacity: 0.7,
          strokeWidth: 1,
          ...title,
        },
      ),
      Plot.dot(below, {
        x: 'number',
        y: () => low,
        dy: 6,
        r: 3,
        symbol: 'triangle',
        rotate: 180,
        stroke: 'var(--muted)',
        ...title,
      }),
      Plot.dot(failed, {
        x: 'number',
        y: () => low,
        dy: 6,
        r: 3.5,
        symbol: 'times',
        stroke: 'var(--bad)',
        strokeWidth: 1.5,
        title: ({ number }: Trial) => `candidate ${number} failed`,
      }),
      Plot.lineY(best, {
        x: 'number',
        y: (trial: Trial) => Math.max(low, trial.best ?? low),
        curve: 'step-after',
        stroke: 'var(--finalist)',
        strokeWidth: 2,
      }),
      ...(narrow || last === undefined
        ? []
        : endLabels(
            last.number,
            [
              { y: last.best ?? high, text: `best ${fixed(last.best, 3)}`, fill: 'var(--finalist)' },
              ...(baseline === null
                ? []
                : [{ y: baseline, text: `baseline ${fixed(baseline, 3)}`, fill: 'var(--baseline)' }]),
            ],
            high - low,
          )),
    ],
  });
}

/** Labels at the right end, moved apart where they would overlap. */
function endLabels(x: number, labels: readonly { y: number; text: string; fill: string }[], span: number) {
  const [upper, lower] = labels;
  const close = upper !== undefined && lower !== undefined && Math.abs(upper.y - lower.y) < 0.07 * span;
  return labels.map(({ y, text, fill }, i) =>
    Plot.text([{ x, y }], {
      x: 'x',
      y: 'y',
      text: () => text,
      fill,
      dx: 8,
      dy: close ? (i === 0 ? -8 : 8) : 0,
      textAnchor: 'start',
    }),
  );
}

/** From a bit below what most candidates have, so that a few very bad ones do not flatten the rest, to above the best. */
function limits(scored: readonly Scored[], baseline: number | null): [number, number] {
  const scores = scored.map(({ score }) => score).sort((a, b) => a - b);
  const [least, most] = [scores[0]!, Math.max(scores.at(-1)!, baseline ?? -Infinity)];
  const quarter = scores[Math.floor(0.25 * (scores.length - 1))]!;
  const low = Math.min(baseline ?? Infinity, Math.max(least, quarter - 1.5 * (most - quarter)));
  const margin = 0.06 * (most - low) || 0.01;
  return [low - margin, most + margin];
}
