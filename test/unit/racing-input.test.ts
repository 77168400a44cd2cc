/** --racing and --racing-block, alone and over a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSpec, type SpecFlags } from '../../cli/input/spec-input.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-racing-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const read = (file: object, flags: SpecFlags = {}) => {
  const path = join(folder, 'spec.yaml');
  writeFileSync(path, JSON.stringify({ model: 'shapes', optimizer: { type: 'cma-es' }, ...file }));
  return readSpec(path, flags).spec.racing;
};

describe('races', () => {
  test.each([
    [{}, {}, { alpha: 0.05 }],
    [{}, { racing: 'off' }, 'off'],
    [{}, { racingBlock: '8' }, { alpha: 0.05, block: 8 }],
    [{ racing: 'off' }, { racing: 'on' }, { alpha: 0.05 }],
    [{ racing: 'off' }, { racing: 'on', racingBlock: '8' }, { alpha: 0.05, block: 8 }],
    [{ racing: { alpha: 0.2, block: 4 } }, { racing: 'on' }, { alpha: 0.2, block: 4 }],
    [{ racing: { alpha: 0.2, block: 4 } }, { racingBlock: '8' }, { alpha: 0.2, block: 8 }],
    [{ racing: { alpha: 0.2 } }, { racing: 'off' }, 'off'],
  ])('%j with %j', (file, flags, racing) => {
    expect(read(file, flags)).toEqual(racing);
  });

  test.each([
    [{ racing: 'off' }, { racingBlock: '8' }, '--racing-block 8 has no effect: racing is off.'],
    [{}, { racing: 'off', racingBlock: '8' }, '--racing-block 8 has no effect: racing is off.'],
    [{}, { racing: 'maybe' }, '--racing is "maybe": must be on, off, or a group with alpha and block.'],
    [
      {},
      { racing: 'maybe', racingBlock: '8' },
      '--racing is "maybe": must be on, off, or a group with alpha and block.',
    ],
    [{}, { racingBlock: 'few' }, '--racing-block is "few": it must be a whole number from 2 to 100000.'],
    [{}, { racingBlock: '41' }, '--racing-block is 41, and a candidate has 40 pairs (20 prompts x 2 seeds)'],
    [
      {},
      { racing: 'on', optimizer: 'grid' },
      '--racing is on, and --optimizer is "grid": a grid shows its whole surface',
    ],
  ])('%j with %j is refused', (file, flags, message) => {
    expect(() => read(file, flags)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) as unknown }),
    );
  });
});
