/**
 * Reproducible orders: the same seed gives the same one on every machine.
 */
import { philox4x32 } from '../../contract/philox.js';

/**
 * Uniform numbers.
 *
 * @param stream numbers of another stream are independent
 * @returns `count` numbers in [0, 1), multiples of 2^-32
 */
function uniforms(count: number, seed: number, stream = 0): number[] {
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  const words = new Uint32Array(4);
  return Array.from({ length: count }, (_, i) => {
    philox4x32([i, stream, 0, 0], key, words);
    return words[0]! / 2 ** 32;
  });
}

/** The indices 0 to count - 1 in a random order. */
export function shuffledIndices(count: number, seed: number, stream = 0): number[] {
  const keys = uniforms(count, seed, stream);
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

/** `count` of the items, chosen at random and in their order. */
export function sampled<T>(items: readonly T[], count: number, seed: number): T[] {
  const chosen = shuffledIndices(items.length, seed).slice(0, count);
  return chosen.sort((a, b) => a - b).map((i) => items[i]!);
}

/**
 * The items in a random order of which any run holds every group in proportion, up to rounding: item j of the n of a
 * group stands at (j + offset) / n.
 */
export function interleaved<T>(items: readonly T[], groupOf: (item: T) => string, seed: number): T[] {
  const groups = new Map<string, T[]>();
  for (const i of shuffledIndices(items.length, seed)) {
    const group = groupOf(items[i]!);
    const own = groups.get(group);
    if (own === undefined) groups.set(group, [items[i]!]);
    else own.push(items[i]!);
  }
  const offsets = uniforms(groups.size, seed, 1);
  const names = [...groups.keys()].sort();
  const placed = names.flatMap((name, g) => {
    const own = groups.get(name)!;
    return own.map((item, j) => ({ at: (j + offsets[g]!) / own.length, g, item }));
  });
  return placed.sort((a, b) => a.at - b.at || a.g - b.g).map(({ item }) => item);
}
