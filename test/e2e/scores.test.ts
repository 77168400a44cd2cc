/**
 * Searches by other objectives than CLIP's, through the command line: preference scores, weighted sums, plug-ins.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { cleanUp, newDataFolder, query, runCli, runJson, start } from './harness.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const scorers = mkdtempSync(join(tmpdir(), 'qsched-scorers-'));
const SMALL = [
  '--model',
  'shapes',
  '--steps',
  '1',
  '--count',
  '3',
  '--noise-seed',
  '0',
  '--budget',
  '3',
  '--batch',
  '3',
  '--select-count',
  '2',
  '--finalists',
  '2',
  '--confirm-count',
  '3',
];

/** A scorer of another kind with the towers of a bundled CLIP: the formulas are real, the weights are no HPSv2's. */
function scorerFolder(name: string, from: string, manifest: object): void {
  cpSync(join(ROOT, 'models', from), join(scorers, name), { recursive: true });
  writeFileSync(join(scorers, name, 'scorer.json'), JSON.stringify(manifest));
}

scorerFolder('aq-map', 'shapes-clip', { kind: 'aq-map' });
scorerFolder('hpsv2', 'shapes-clip-second', { kind: 'hpsv2', version: 'v2.1' });
cpSync(join(ROOT, 'examples', 'module-scorer'), join(scorers, 'colourfulness'), { recursive: true });
const more = { QSCHED_MODELS: scorers };

afterAll(async () => {
  await cleanUp();
  rmSync(scorers, { recursive: true, force: true });
});

describe('objectives of other scores', () => {
  const data = newDataFolder();
  const termsOf = (id: string) =>
    query<{ scorer: string; precision: string; terms: string }>(
      data,
      'select c.scorer as scorer, c.precision as precision, e.terms as terms from evaluations e join contexts c on c.id = e.context_id where e.search_id = ?',
      id,
    );

  it('jaq-preference is AQ-MAP + k HPSv2 of the stored terms, with the nouns of the prompt set', async () => {
    const result = await runJson<SearchResult>(['search', ...SMALL, '--objective', 'jaq-preference'], data, more);
    const { identity, best, notes } = result;
    expect(notes).toContain('The scorer "hpsv2" is HPSv2.1.');
    for (const { score, terms } of [identity, best]) expect(score).toBe(terms.tc! + 2 * terms.iq!);
    expect(identity.terms.tc).toBeGreaterThan(0);
    expect(identity.terms.tc).toBeLessThan(1);
    expect([...new Set(termsOf(result.searchId).map(({ scorer }) => scorer))].sort()).toEqual([
      'aq-map',
      'hpsv2',
      'second',
    ]);
    expect(result.heldOut.scorers.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    const tables = await runJson<SearchResult>(
      ['search', ...SMALL, '--objective', 'jaq-preference-tables'],
      data,
      more,
    );
    expect(tables.identity.terms).toEqual(identity.terms);
    expect(tables.identity.score).toBe(2 * identity.terms.tc! + identity.terms.iq!);
    expect(tables.reused).toBeGreaterThan(0);
  });

  it('prompts without nouns are said', async () => {
    const prompts = join(scorers, 'prompts.txt');
    writeFileSync(prompts, 'a red circle on a white background\na blue ring\na green cross at the top left\n');
    const { notes } = await runJson<SearchResult>(
      ['search', ...SMALL, '--objective', 'jaq-preference', '--prompts', prompts],
      data,
      more,
    );
    expect(notes).toContain(
      'The scorer "aq-map" reads nouns: 3 of 8 prompts name none, and a part-of-speech tagger (wink-nlp) found theirs.',
    );
  });

  it('quality alone has no text term', async () => {
    const { identity } = await runJson<SearchResult>(['search', ...SMALL, '--objective', 'iq'], data, more);
    expect(identity.terms.tc).toBeNull();
    expect(identity.score).toBe(identity.terms.iq);
  });

  it('a weighted sum takes any installed score, a module of the user as well', async () => {
    const result = await runJson<SearchResult>(
      ['search', ...SMALL, '--weights', 'clip-score-hessel=1,clip-iqa.noisiness=0.5,colourfulness=0.01'],
      data,
      more,
    );
    const rows = termsOf(result.searchId).filter(({ scorer }) => scorer === 'colourfulness');
    expect(rows.length).toBeGreaterThan(0);
    for (const { terms } of rows) {
      expect((JSON.parse(terms) as { colourfulness: number }).colourfulness).toBeGreaterThanOrEqual(0);
    }
    expect(result.identity.score).toBeCloseTo(result.identity.terms.tc! + result.identity.terms.iq!, 14);
  });

  it('a scorer behind HTTP: its version is in the key, and where it is down the sentence says how to start it', async () => {
    const server = start(
      process.execPath,
      [join(ROOT, 'examples', 'http-scorer', 'server.js'), '--port', '0'],
      process.env,
    );
    const url = await until(() => /http:\/\/\S+/.exec(`${server.stdout()}${server.stderr()}`)?.[0]);
    mkdirSync(join(scorers, 'sharpness'));
    writeFileSync(
      join(scorers, 'sharpness', 'scorer.json'),
      JSON.stringify({
        kind: 'http',
        url,
        start: 'node server.js',
        retries: 0,
        scores: [{ name: 'sharpness', direction: 'higher', judges: 'quality', range: [0, null] }],
      }),
    );
    const weights = ['--weights', 'clip-score-hessel=1,sharpness=0.001'];
    const result = await runJson<SearchResult>(['search', ...SMALL, ...weights], data, more);
    const [context] = query<{ provenance: string }>(data, "select provenance from contexts where scorer = 'sharpness'");
    expect(JSON.parse(context!.provenance)).toMatchObject({
      scorer: { server: { id: 'laplacian-sharpness', version: '1' } },
    });
    expect(result.identity.terms.iq).toBeGreaterThan(0);
    process.kill(server.pid, 'SIGKILL');
    await server.result;
    const { code, stderr } = await runCli(['search', ...SMALL, ...weights, '--seed', '7'], data, more);
    expect(code).toBe(1);
    expect(stderr).toContain('node server.js');
    expect(stderr).not.toContain(' at ');
  });

  it.each<[string, string[], RegExp]>([
    [
      'a score that is not installed',
      ['--objective', 'jaq-preference'],
      /The score "aq-map" is not installed: it needs a folder "aq-map" with scorer\.json, text_model\.onnx[^]*export_scorer\.py/,
    ],
    ['an unknown score', ['--weights', 'clip-scor=1'], /names "clip-scor"[^]*Did you mean "clip-score"/],
    ['a weight against its score', ['--weights', 'brisque=1'], /a lower brisque is better/],
    ['a weight that is not a number', ['--weights', 'clip-score=much'], /clip-score in --weights is "much"/],
    [
      'weights with another objective',
      ['--weights', 'clip-score=1', '--objective', 'iq'],
      /--weights is only for the weighted objective/,
    ],
    [
      'weighted without weights',
      ['--objective', 'weighted'],
      /--objective is "weighted", but --weights names no score/,
    ],
  ])('%s is refused before anything is started', async (_, args, pattern) => {
    const fresh = newDataFolder();
    const { code, stderr } = await runCli(['search', ...SMALL, ...args], fresh);
    expect(code).toBe(2);
    expect(stderr).toMatch(pattern);
    expect(stderr).not.toContain('starting');
  });
});

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((done) => {
      setTimeout(done, 20);
    });
  }
}
