/**
 * Which searches may be ranked together.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import { QschedError } from '../contract/errors.js';
import { stepCount } from '../contract/step-count.js';
import type { Provenance, RankableSearch } from './ranking.js';

/**
 * Refuses searches whose scores are not comparable.
 *
 * @returns notes about permitted differences
 * @throws QschedError (usage) naming the difference
 */
export function refuseMixed(searches: readonly RankableSearch[]): string[] {
  const [first, ...rest] = searches;
  const notes = new Set<string>();
  for (const other of rest) {
    const difference = whatDiffers(first!, other);
    if (difference !== null) {
      throw new QschedError(
        'usage',
        `"${first!.id}" and "${other.id}" cannot be ranked together: they have ${difference}.`,
        'Rank them separately.',
      );
    }
    if (first!.spec.precision !== other.spec.precision) {
      notes.add(
        `The searches differ in precision (${first!.spec.precision}, ${other.spec.precision}): this compares networks, not coefficients alone.`,
      );
    }
    if (!sameIn(first!, other, (one) => one.schedule)) {
      notes.add(
        `The searches differ in schedule (${scheduler(first!)}; ${scheduler(other)}): this compares schedules, not coefficients alone.`,
      );
    }
  }
  return [...notes];
}

const scheduler = ({ spec: { scheduler: one } }: RankableSearch): string =>
  `${one.type}, ${stepCount(one.steps)}, eta ${one.eta}`;

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

const sameIn = (a: RankableSearch, b: RankableSearch, part: (one: Provenance) => unknown): boolean =>
  Object.keys({ ...a.provenance, ...b.provenance }).every((scorer) =>
    same(part(a.provenance[scorer] ?? {}), part(b.provenance[scorer] ?? {})),
  );

/** What differs and must not, in words; null if nothing does. */
function whatDiffers(a: RankableSearch, b: RankableSearch): string | null {
  const [one, two] = [a.spec, b.spec];
  const pair = (of: (search: RankableSearch) => unknown): string => `(${String(of(a))}, ${String(of(b))})`;
  if (one.model !== two.model) return `different models ${pair(({ spec }) => spec.model)}`;
  if (one.objective.type !== two.objective.type) {
    return `different objectives ${pair(({ spec }) => spec.objective.type)}`;
  }
  if (!same(one.objective.weights, two.objective.weights)) return 'different weights in their objectives';
  if (!same([...a.prompts].sort(), [...b.prompts].sort())) return 'different calibration prompts';
  if (!same(sorted(one.prompts.seeds), sorted(two.prompts.seeds))) {
    return `different seeds ${pair(({ spec }) => `[${spec.prompts.seeds.join(', ')}]`)}`;
  }
  if (!same(Object.keys(a.provenance).sort(), Object.keys(b.provenance).sort())) {
    return `different scorers ${pair(({ provenance }) => Object.keys(provenance).join(' and '))}`;
  }
  for (const scorer of Object.keys(a.provenance)) {
    const [x, y] = [a.provenance[scorer]!.scorer, b.provenance[scorer]!.scorer];
    if (!same(x?.version, y?.version)) {
      return `different versions of the scorer "${scorer}" (${canonicalJson(x?.version ?? null)}, ${canonicalJson(y?.version ?? null)})`;
    }
    if (!same(x, y)) return `different files or settings of the scorer "${scorer}"`;
    const [mine, its] = [a.provenance[scorer]!.numeric, b.provenance[scorer]!.numeric];
    if (!same(mine, its)) {
      return `different numeric classes (${canonicalJson(mine ?? null)}, ${canonicalJson(its ?? null)})`;
    }
  }
  if (one.precision === two.precision && !sameIn(a, b, (provenance) => provenance.files)) {
    return `different files of the model "${one.model}" at ${one.precision}`;
  }
  return null;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
