/** The list of scores: every name of the tables, and what the absent ones want. */
import { afterEach, expect, test, vi } from 'vitest';
import { scoresCommand } from '../../cli/commands/scores-command.js';
import { SCORE_TABLE, SET_SCORE_TABLE } from '../../metrics/scores/score-table.js';

interface Listed {
  readonly score: string;
  readonly installed: boolean;
  readonly folder: string | null;
  readonly wants: string | null;
  readonly make: string | null;
}

let said = '';
afterEach(() => {
  vi.restoreAllMocks();
  said = '';
});
const listen = () =>
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });

test('names every score; the bundled CLIP gives the CLIP scores, the others say what they want', () => {
  listen();
  expect(scoresCommand({ json: true })).toBe(0);
  const { scores } = JSON.parse(said) as { scores: Listed[] };
  expect(scores.map(({ score }) => score)).toEqual([...Object.keys(SCORE_TABLE), ...Object.keys(SET_SCORE_TABLE)]);
  const of = (name: string) => scores.find(({ score }) => score === name)!;
  expect(of('clip-iqa.quality')).toMatchObject({
    installed: true,
    folder: expect.stringMatching(/shapes-clip$/) as unknown,
  });
  expect(of('hpsv2').wants).toMatch(/folder "hpsv2" with scorer\.json, text_model\.onnx/);
  expect(of('hpsv2').make).toMatch(/tools\/export_scorer\.py hpsv2/);
  expect(of('fid').wants).toMatch(/folder "inception"/);
});

test('as a table, each absent folder is explained once', () => {
  listen();
  scoresCommand({});
  expect(said.match(/The score "inception" is not installed/g)).toHaveLength(1);
  expect(said).toContain('brisque');
});

test('an unknown model is refused', () => {
  expect(() => scoresCommand({ model: 'shpaes' })).toThrow('There is no model "shpaes"');
});
