/** Networks and scorers of a process: what is shared, and what is released when. */
import { expect, describe, test } from 'vitest';
import { engineParts } from '../../inference/engine/engine-parts.js';
import { Held } from '../../inference/engine/held.js';

describe('held things', () => {
  const bench = (max: number) => {
    const log: string[] = [];
    const held = new Held<{ name: string; release(): Promise<void> }>(max);
    const get = (name: string) =>
      held.get(name, async () => {
        log.push(`open ${name}`);
        if (name === 'broken') throw new Error('cannot be opened');
        return {
          name,
          release: async () => {
            log.push(`release ${name}`);
          },
        };
      });
    return { log, held, get };
  };

  test('are opened once, and the least recently used is released before the next is opened', async () => {
    const { log, held, get } = bench(2);
    const [first] = [await get('a'), await get('b')];
    held.nextJob();
    expect(await get('a')).toBe(first);
    held.nextJob();
    await get('c');
    expect(log).toEqual(['open a', 'open b', 'release b', 'open c']);
  });

  test('of the current job are never released, even if they are more than the limit', async () => {
    const { log, held, get } = bench(2);
    for (const name of ['a', 'b', 'c', 'd']) await get(name);
    expect(log).toEqual(['open a', 'open b', 'open c', 'open d']);
    held.nextJob();
    await get('e');
    expect(log.slice(4)).toEqual(['release a', 'release b', 'release c', 'open e']);
  });

  test('that are asked for twice at once are opened once', async () => {
    const { log, get } = bench(2);
    const [one, two] = await Promise.all([get('a'), get('a')]);
    expect(one).toBe(two);
    expect(log).toEqual(['open a']);
  });

  test('that cannot be opened are tried again', async () => {
    const { log, get } = bench(2);
    await expect(get('broken')).rejects.toThrow('cannot be opened');
    await expect(get('broken')).rejects.toThrow('cannot be opened');
    expect(log).toEqual(['open broken', 'open broken']);
  });
});

test('jobs share networks, and networks share scorers', async () => {
  const parts = engineParts({ batch: 2, threads: 1 });
  const [w4a8, fp32] = ['w4a8', 'fp32'].map((precision) => ({ model: 'shapes', precision, options: {} }));
  const generator = await parts.generator(w4a8!);
  const scorer = await parts.scorer(w4a8!, 'objective');
  parts.nextJob();
  expect(await parts.generator(w4a8!)).toBe(generator);
  expect(await parts.generator(fp32!)).not.toBe(generator);
  expect(await parts.scorer(fp32!, 'objective')).toBe(scorer);
  expect((await parts.scorer(fp32!, 'second')).role).toBe('second');
});
