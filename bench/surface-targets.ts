/**
 * `npx tsx bench/surface-targets.ts`: writes the scores that a search is to reach on the measured surfaces of bench/data/,
 * 95 % of the way from the baseline to the highest score.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { highest } from './surfaces/surface-search.js';
import { readSurface } from './surfaces/surface-file.js';
import { trueSurface } from './surfaces/true-surface.js';

const SHARE = 0.95;

const names = readdirSync(new URL('data/', import.meta.url)).map((file) => file.replace(/\.json$/, ''));
const targets = names.toSorted().map((name) => {
  const surface = trueSurface(readSurface(name));
  return [name, surface.identity + SHARE * (highest(surface) - surface.identity)] as const;
});
writeFileSync(
  new URL('auto-surface/targets.json', import.meta.url),
  `${JSON.stringify(Object.fromEntries(targets), null, 1)}\n`,
);
