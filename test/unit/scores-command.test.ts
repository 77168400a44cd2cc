/** The list of scores: every name of the tables, and the files that missing ones need. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { scoresCommand } from '../../cli/commands/scores-command.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { inspectNetwork } from '../../inference/describe.js';
import { planScorers } from '../../planning/scorers.js';
import { PAIR_SCORE_TABLE } from '../../metrics/pairwise/pair-score-table.js';
import { SCORE_TABLE, SET_SCORE_TABLE } from '../../metrics/scores/score-table.js';

interface Listed {
  readonly score: string;
  readonly installed: boolean;
  readonly folder: string | null;
  readonly wants: string | null;
  readonly make: string | null;
}

interface InstalledScorer {
  readonly scorer: string;
  readonly folder: string;
  readonly kind: string | null;
  readonly scores: readonly { readonly score: string; readonly judges: string; readonly better: string }[];
  readonly problem: string | null;
}

let said = '';
let root: string | null = null;
afterEach(() => {
  if (root !== null) rmSync(root, { recursive: true });
  root = null;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  said = '';
});
const listen = () =>
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });

test('names every score; the bundled CLIP gives the CLIP scores, the others say what they need', () => {
  listen();
  expect(scoresCommand({ json: true })).toBe(0);
  const { scores } = JSON.parse(said) as { scores: Listed[] };
  expect(scores.map(({ score }) => score)).toEqual(
    [SCORE_TABLE, SET_SCORE_TABLE, PAIR_SCORE_TABLE].flatMap((table) => Object.keys(table)),
  );
  const of = (name: string) => scores.find(({ score }) => score === name)!;
  expect(of('clip-iqa.quality')).toMatchObject({
    installed: true,
    folder: expect.stringMatching(/shapes-clip$/) as unknown,
  });
  expect(of('hpsv2').wants).toMatch(/folder "hpsv2" with scorer\.json, text_model\.onnx/);
  expect(of('hpsv2').make).toMatch(/tools\/export_scorer\.py hpsv2/);
  expect(of('fid').wants).toMatch(/folder "inception"/);
  expect(of('psnr')).toMatchObject({ installed: true, folder: null, wants: null });
  expect(of('lpips').folder).toMatch(/shapes-lpips$/);
  expect(of('clip-image').folder).toMatch(/shapes-clip$/);
  expect(of('dinov2').make).toMatch(/tools\/export_scorer\.py dinov2/);
});

test('as a table, each missing folder is explained once', () => {
  listen();
  scoresCommand({});
  expect(said.match(/The score "inception" is not installed/g)).toHaveLength(1);
  expect(said).toContain('brisque');
});

test('an unknown model is refused', () => {
  expect(() => scoresCommand({ model: 'shpaes' })).toThrow('There is no model "shpaes"');
});

/** A root with a module whose code must not run, a server that is not there, a broken folder, and what is no scorer. */
function ownScorers(): string {
  root = mkdtempSync(join(tmpdir(), 'qsched-scores-'));
  cpSync(join(packageRoot(), 'examples', 'module-scorer'), join(root, 'vivid'), { recursive: true });
  writeFileSync(join(root, 'vivid', 'score.js'), "throw new Error('this must not run');");
  const scores = [
    { name: 'grain', direction: 'lower', judges: 'quality', range: [0, null] },
    { name: 'fit', direction: 'higher', judges: 'text', range: [0, 1] },
  ];
  const manifests = { served: { kind: 'http', url: 'http://127.0.0.1:1/', scores }, broken: { kind: 'nonsense' } };
  for (const [name, manifest] of Object.entries(manifests)) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'scorer.json'), JSON.stringify(manifest));
  }
  mkdirSync(join(root, 'no-scorer'));
  vi.stubEnv('QSCHED_MODELS', root);
  return root;
}

test('lists every installed scorer folder with its kind and scores, and runs none', () => {
  const folder = ownScorers();
  listen();
  scoresCommand({ json: true });
  const { scorers } = JSON.parse(said) as { scorers: InstalledScorer[] };
  expect(scorers.map(({ scorer, kind }) => [scorer, kind])).toEqual([
    ['broken', null],
    ['served', 'http'],
    ['shapes-brisque', 'brisque'],
    ['shapes-clip', 'clip'],
    ['shapes-clip-second', 'clip'],
    ['shapes-lpips', 'lpips'],
    ['vivid', 'module'],
  ]);
  const of = (name: string) => scorers.find(({ scorer }) => scorer === name)!;
  expect(of('served')).toEqual({
    scorer: 'served',
    folder: join(folder, 'served'),
    kind: 'http',
    scores: [
      { score: 'grain@served', judges: 'quality', better: 'lower' },
      { score: 'fit@served', judges: 'text', better: 'higher' },
    ],
    problem: null,
  });
  expect(of('vivid').scores.map(({ score }) => score)).toEqual(['colourfulness@vivid']);
  expect(of('broken').problem).toContain('kind is "nonsense"');
  expect(of('shapes-clip').scores.map(({ score }) => score)).toContain('clip-iqa.scary@shapes-clip');
});

test('as a table too, with the direction of pairs that have no good side', () => {
  ownScorers();
  listen();
  scoresCommand({});
  expect(said).toMatch(/\nserved +http +grain, fit\n/);
  expect(said).toMatch(/\nvivid +module +colourfulness\n/);
  expect(said).toMatch(/\nshapes-clip +clip +clip-score, clip-score-hessel, 16 of clip-iqa\n/);
  expect(said).toMatch(/\nshapes-lpips +lpips +lpips, of pairs of images\n/);
  expect(said).toMatch(/\nbroken +- +cannot be used: .*kind is "nonsense"/);
  expect(said).toMatch(/\nclip-iqa\.scary +quality +either +yes/);
  expect(said).toMatch(/\nclip-iqa\.noisiness +quality +higher +yes/);
});

test('the message about an unknown score of an objective lists the installed ones', () => {
  ownScorers();
  const scorers = ['shapes-clip'];
  const facts = inspectNetwork({ version: WIRE_VERSION, model: 'shapes', precision: 'w4a8', options: {}, scorers });
  const check = (weights: Record<string, number>) =>
    planScorers({ objective: { type: 'weighted', k: 2, scorer: 'shapes-clip', weights }, beside: [] }, facts);
  const hint = (name: string): string => {
    try {
      check({ [name]: 1 });
    } catch (error) {
      return (error as { hint: string }).hint;
    }
    return 'nothing was refused';
  };
  expect(hint('nosuch')).toMatch(/^Allowed: grain@served, fit@served, colourfulness@vivid, clip-score, /);
  expect(hint('colorfulness')).toMatch(/Did you mean "colourfulness@vivid"\?/);
});
