/** When candidates of a race are compared, and who leaves it. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { dropped, levelOf } from '../../metrics/racing/drop.js';
import { enoughPairs, firstBlock, mostLooks, nextLook, raceOrder } from '../../metrics/racing/looks.js';
import { createGenerator } from '../../optimizers/rng.js';

const whole = (min: number, max: number) => fc.integer({ min, max });

describe('the first block', () => {
  it.each([
    [8, 20, 5],
    [8, 4, 4],
    [4, 20, 5],
    [10, 20, 4],
    [1, 1, 4],
    [1, 20, 12],
  ])('of %i candidates and a network batch of %i holds %i pairs', (candidates, batch, pairs) => {
    expect(firstBlock(candidates, batch)).toBe(pairs);
  });
});

test('looks at least double the pairs, fill network calls, and end with all of them', () => {
  fc.assert(
    fc.property(whole(1, 60), whole(1, 64), whole(1, 500), whole(1, 40), (block, batch, pairs, alive) => {
      const looks: number[] = [];
      for (let reached = 0; reached < pairs;) {
        const next = nextLook({ block, batch, pairs }, reached, alive);
        if (next > pairs || (next < pairs && reached > 0 && next < 2 * reached)) return false;
        if (next < pairs && reached > 0 && (next - reached) * alive < Math.min(batch, alive)) return false;
        looks.push(next);
        reached = next;
      }
      return looks.at(-1) === pairs && looks.length - 1 <= mostLooks(block, pairs);
    }),
  );
});

test('pairs that are enough double with the candidates', () => {
  const at = (told: number): number => enoughPairs(5, told, 32);
  expect([0, 24, 32, 63, 64, 127, 128, 256].map(at)).toEqual([5, 5, 5, 5, 10, 10, 20, 40]);
  expect(enoughPairs(4, 32, 16)).toBe(8);
});

test('the order takes every prompt once before a second seed', () => {
  expect(raceOrder(3, 2)).toEqual([0, 2, 4, 1, 3, 5]);
  fc.assert(
    fc.property(whole(1, 30), whole(1, 5), (prompts, seeds) => {
      const order = raceOrder(prompts, seeds);
      const first = order.slice(0, prompts).map((pair) => Math.floor(pair / seeds));
      return new Set(order).size === prompts * seeds && new Set(first).size === prompts;
    }),
  );
});

describe('a comparison', () => {
  const scores = (mean: number, noise: number, stream: number, n = 10): number[] => {
    const { normal } = createGenerator(stream);
    return Array.from({ length: n }, (_, i) => mean + noise * normal(0, i, 0));
  };
  const common = scores(0, 1, 77);
  const shared = (own: readonly number[]): number[] => own.map((x, i) => x + common[i]!);

  it('drops who is clearly behind on the same images, though single images differ far more', () => {
    const [rival, near, far] = [shared(scores(1, 0.1, 1)), shared(scores(0.98, 0.1, 2)), shared(scores(0.5, 0.1, 3))];
    expect(dropped([rival], [near, far], 10, 0.01)).toEqual([false, true]);
  });

  it('never drops the leader, or one that equals it; a test needs two prompts', () => {
    const leader = shared(scores(1, 0.1, 1));
    expect(dropped([], [leader, [...leader]], 10, 0.05)).toEqual([false, false]);
    expect(dropped([[0]], [[1], [0.5]], 1, 0.05)).toEqual([false, false]);
    fc.assert(
      fc.property(fc.array(fc.array(whole(0, 9), { minLength: 4, maxLength: 4 }), { minLength: 1 }), (alive) =>
        dropped([], alive, 4, 0.5).includes(false),
      ),
    );
  });

  it('drops everybody behind at 0.5', () => {
    expect(
      dropped(
        [[3, 0, 3, 0]],
        [
          [0, 3, 0, 2.9],
          [3, 0, 3, 0.1],
        ],
        4,
        0.5,
      ),
    ).toEqual([true, false]);
  });

  it('takes two seeds of a prompt as one observation', () => {
    // Four images of two prompts: the difference is the same on both seeds of a prompt.
    const [leader, behind] = [
      [1, 1.2, 1, 1.2],
      [0.9, 1.16, 0.9, 1.16],
    ];
    expect(dropped([leader], [behind], 2, 0.05)).toEqual([false]);
    expect(dropped([leader], [behind], 4, 0.05)).toEqual([true]);
  });

  it('loses one that is as good as its only rival no more often than the level says', () => {
    let lost = 0;
    const runs = 1000;
    for (let run = 0; run < runs; run += 1) {
      const [rival, own] = [scores(0, 1, 2 * run, 8), scores(0, 1, 2 * run + 1, 8)];
      const late = [4, 8].some((reached) => {
        const level = levelOf(0.1, 2);
        return dropped([rival.slice(0, reached)], [own.slice(0, reached)], 8, level)[0];
      });
      if (late) lost += 1;
    }
    expect(lost / runs).toBeLessThan(0.1);
    expect(lost / runs).toBeGreaterThan(0.03);
  });
});
