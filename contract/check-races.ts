/**
 * What does not go together in a spec about races, and ranges that grow.
 */
import { QschedError } from './errors.js';
import type { SearchSpec } from './search-spec.js';
import { modelsSurface } from './spec-defaults.js';

/**
 * @param spec with its defaults filled
 * @param written the same as it was written
 * @throws QschedError (usage): a race of a grid, a first comparison that no candidate reaches, limits without a model
 */
export function checkRaces(spec: SearchSpec, written: unknown): void {
  const { racing, optimizer, prompts } = spec;
  if (typeof racing === 'object') {
    if (optimizer.type === 'grid') {
      throw new QschedError(
        'usage',
        'racing is on, and optimizer.type is "grid": a grid shows its whole surface, so every cell is scored on all pairs.',
        'Leave racing out, or set it to off.',
      );
    }
    const pairs = prompts.count * prompts.seeds.length;
    if (racing.block !== undefined && racing.block > pairs) {
      throw new QschedError(
        'usage',
        `racing.block is ${racing.block}, and a candidate has ${pairs} pairs (${counted(prompts.count, 'prompt')} x ${counted(prompts.seeds.length, 'seed')}): nothing would be compared before the end.`,
        `Use at most ${pairs}, or set racing to off.`,
      );
    }
  }
  const { coefficients } = written as { coefficients?: { growTo?: unknown } | null };
  const growTo = coefficients?.growTo ?? null;
  if (growTo === null || modelsSurface(optimizer.type)) return;
  throw new QschedError(
    'usage',
    `coefficients.growTo is only for optimizers with a model of the surface, and optimizer.type is "${optimizer.type}".`,
    'Remove it, give a wider coefficients.range, or use the optimizer "gp".',
  );
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
