/** Studies as plans: every search, fit and row is valid, different children have different ids, and omissions are noted. */
import { describe, expect, it } from 'vitest';
import { studyTable } from '../../cli/text/study-table.js';
import { tableFormat } from '../../cli/text/table-document.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { createOptimizer } from '../../optimizers/index.js';
import { ptqdIdOf, searchIdOf } from '../../contract/content-id.js';
import { QschedError } from '../../contract/errors.js';
import { EvaluateSpec, type EvaluatedRow, type EvaluateResult } from '../../contract/evaluate-spec.js';
import type { StudyOptionsInput, StudyResult } from '../../contract/study-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { planStudy, STUDIES } from '../../paper/index.js';
import { evaluationOf, type StudyPlan } from '../../paper/study-plan.js';
import { studyRows } from '../../paper/study-rows.js';

const NAMES = Object.keys(STUDIES);
const plan = (name: string, options: StudyOptionsInput = {}): StudyPlan => planStudy({ name, options }).plan;
/** What a workflow would refer to: every key with an id of its kind. */
const references = ({ fits, searches }: StudyPlan): Record<string, string> =>
  Object.fromEntries([
    ...fits.map(({ key }, i) => [key, `schedule:${String(i).padStart(12, 'a')}`]),
    ...searches.map(({ key }) => [key, `search:${key}`]),
  ] as [string, string][]);
const spec = (of: StudyPlan, model = 'shapes'): EvaluateSpec =>
  parseEvaluateSpec(evaluationOf(of, model, references(of)));

function refusal(input: unknown): QschedError {
  try {
    planStudy(input);
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was taken`);
}

describe.each(NAMES)('%s', (name) => {
  const made = plan(name);

  it('has valid searches, fits and rows, each under its own key and id', () => {
    for (const { spec: one } of made.searches) expect(() => parseSearchSpec(one)).not.toThrow();
    expect(spec(made).rows).toHaveLength(made.rows.length);
    const children = [
      ...made.searches.map((one) => ({ key: one.key, id: searchIdOf(one.spec) })),
      ...made.fits.map((one) => ({ key: one.key, id: ptqdIdOf(one.input) })),
    ];
    expect(new Set(children.map(({ key }) => key)).size).toBe(children.length);
    expect(new Set(children.map(({ id }) => id)).size).toBe(children.length);
    for (const { id } of children) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/);
  });

  it('shows every search and every fit, with its network and its scheduler', () => {
    const used = new Set(made.rows.flatMap(({ schedule }) => ('from' in schedule ? [schedule.from] : [])));
    expect([...used].sort()).toEqual([...made.fits, ...made.searches].map(({ key }) => key).sort());
    for (const { schedule, precision, scheduler } of made.rows) {
      if (!('from' in schedule)) continue;
      const from =
        made.searches.find(({ key }) => key === schedule.from)?.spec ??
        made.fits.find(({ key }) => key === schedule.from)!.input.search;
      expect({ precision: from.precision, scheduler: from.scheduler }).toEqual({ precision, scheduler });
    }
  });

  it('sets every row beside an identity of its own network', () => {
    const network = ({ precision, scheduler }: StudyPlan['rows'][number]): string =>
      JSON.stringify([precision, scheduler]);
    const identities = new Set(made.rows.filter(({ schedule }) => schedule.kind === 'identity').map(network));
    expect(made.rows.filter((row) => !identities.has(network(row)))).toEqual([]);
    for (const row of made.rows) expect(Object.keys(row.columns)).toEqual([...made.columns]);
  });

  it('calibrates every search on the same prompts, and evaluates on others', () => {
    const splits = made.searches
      .map((one) => parseSearchSpec(one.spec))
      .map(({ prompts, select, confirm }) => JSON.stringify([prompts, select, confirm]));
    expect(new Set(splits).size).toBeLessThanOrEqual(1);
    expect(spec(made).prompts.set).toBe('shapes-eval');
  });

  it('takes model, precision, count and budget', () => {
    const other = plan(name, { model: 'other', precision: 'w8a8', count: 40, budget: 16 });
    expect(spec(other, 'other').prompts.count).toBe(40);
    for (const { spec: one } of other.searches) {
      expect(parseSearchSpec(one)).toMatchObject({ model: 'other', optimizer: { budget: 16 } });
    }
    const precisions = new Set(other.rows.map(({ precision }) => precision));
    expect(precisions).toContain('w8a8');
    if (name !== 'figure-4') expect(precisions).not.toContain('w4a8');
  });
});

describe('what each study compares', () => {
  const shown = (name: string, options?: StudyOptionsInput) =>
    plan(name, options).rows.map(
      ({ label, precision, scheduler: { type, steps } }) => `${type} ${steps} ${precision} ${label}`,
    );

  it('table-1: five rows for each of 2, 4 and 8 steps, with both samplers', () => {
    const rows = shown('table-1');
    expect(rows).toHaveLength(30);
    for (const start of ['tcd 2', 'tcd 4', 'tcd 8', 'lcm 2', 'lcm 4', 'lcm 8']) {
      expect(rows.filter((row) => row.startsWith(`${start} `))).toEqual(
        ['fp32 Original', 'fp32 Q-Sched (control)', 'w4a8 Original', 'w4a8 PTQD', 'w4a8 Q-Sched'].map(
          (row) => `${start} ${row}`,
        ),
      );
    }
    expect(plan('table-1').evaluate.prompts?.count).toBe(2000);
  });

  it('table-1: without LCM if the model does not support it, with a note', () => {
    const made = plan('table-1', { schedulers: ['tcd'] });
    expect(made.rows).toHaveLength(15);
    expect(made.notes.join()).toMatch(/Rows of LCM sampling are left out/);
    expect(plan('table-1').notes.join()).not.toMatch(/left out/);
    expect(new Set(shown('table-1', { schedulers: ['flow-match-euler'] }).map((row) => row.split(' ')[0]))).toEqual(
      new Set(['flow-match-euler']),
    );
  });

  it('table-3: one kind of coefficient, the other, both', () => {
    expect(plan('table-3').searches.map(({ spec: one }) => one.coefficients?.tune)).toEqual([
      'noise',
      'sample',
      'both',
    ]);
  });

  it('table-a3: the same number of candidates for all, three seeds for those that have one; NGOpt is left out', () => {
    const made = plan('table-a3', { budget: 20 });
    expect(new Set(made.searches.map(({ spec: one }) => one.optimizer?.budget))).toEqual(new Set([16]));
    expect(made.searches.map(({ key }) => key)).toEqual([
      'grid-0',
      ...['one-plus-one', 'cma-es', 'random', 'sobol'].flatMap((one) => [0, 1, 2].map((seed) => `${one}-${seed}`)),
    ]);
    expect(made.notes.join(' ')).toMatch(/NGOpt column is left out/);
    expect(plan('table-4').rows).toEqual(plan('table-a3').rows);
  });

  it('table-a4: six levels of eta', () => {
    const made = plan('table-a4');
    expect(new Set(made.rows.map(({ scheduler }) => scheduler.eta))).toEqual(new Set([0, 0.1, 0.3, 0.5, 0.7, 0.9]));
    expect(made.rows).toHaveLength(24);
    expect(refusal({ name: 'table-a4', options: { schedulers: ['consistency'] } }).message).toMatch(
      /varies eta of TCD/,
    );
  });

  it('table-a10: objectives whose scorer is not installed are left out by name, and included if it is', () => {
    const without = plan('table-a10');
    expect(without.rows.map(({ columns }) => columns['searchedFor'])).toEqual([
      'none',
      'tc',
      'iq',
      'noisiness',
      'complexity',
      'jaq',
    ]);
    expect(without.notes.join('\n')).toMatch(
      /"BRISQUE alone" is left out: the scorer folder "brisque" \(scorer\.json, svr\.json\)/,
    );
    const made = plan('table-a10', { installed: ['brisque'] });
    expect(made.searches.at(-1)!.spec.objective).toEqual({ weights: { brisque: -1 } });
    expect(made.evaluate.scorers).toEqual(['second', 'brisque']);
    expect(made.notes.join()).not.toMatch(/BRISQUE/);
    expect(
      plan('table-a10', { installed: ['aq-map', 'hpsv2'] }).rows.map(({ columns }) => columns['searchedFor']),
    ).toContain('jaq-preference');
  });

  it('figure-4: every precision, and full precision as a control', () => {
    expect(shown('figure-4', { precisions: ['fp32', 'w8a8'] })).toEqual([
      'tcd 4 fp32 Original',
      'tcd 4 fp32 Q-Sched (control)',
      'tcd 4 w8a8 Original',
      'tcd 4 w8a8 Q-Sched',
    ]);
  });

  it('figure-5: four k, one after the other, with the same candidates', () => {
    const { searches, together } = plan('figure-5');
    expect(searches.map(({ spec: one }) => one.objective?.k)).toEqual([0.5, 1, 2, 5]);
    expect(new Set(searches.map(({ spec: one }) => JSON.stringify([one.optimizer, one.coefficients]))).size).toBe(1);
    expect(together).toBe(1);
  });

  it('surface: the coefficients of a single-scale grid, with the identity in the middle', () => {
    const { rows, searches } = plan('surface');
    const space = coefficientSpace({ shape: 'single-scale', tune: 'both', range: [0.8, 1.2], steps: 4 });
    const points = createOptimizer('grid', { space, seed: 0, budget: 121 }).ask();
    expect(searches).toEqual([]);
    rows.forEach(({ schedule, columns }, i) => {
      const point = points[i]!;
      expect([columns['sample'], columns['noise']]).toEqual(point);
      expect(schedule).toEqual(
        i === 60 ? { kind: 'identity' } : { kind: 'by-hand', coefficients: space.toCoefficients(point) },
      );
    });
    expect(rows).toHaveLength(121);
  });
});

describe('bad input', () => {
  it.each<[string, unknown, RegExp, RegExp]>([
    ['an unknown study', { name: 'table-2' }, /There is no study "table-2"/, /Did you mean "table-1"/],
    ['a built-in name of objects', { name: 'constructor' }, /There is no study "constructor"/, /Allowed: table-1/],
    ['no name', {}, /no study without a name/, /Allowed: table-1/],
    ['nothing', null, /no study/, /Allowed/],
    ['an unknown key', { name: 'table-1', option: {} }, /Unknown key "option"/, /options/],
    [
      'an unknown option',
      { name: 'table-1', options: { budgt: 4 } },
      /Unknown key "options.budgt"/,
      /Did you mean "budget"/,
    ],
    [
      'a count of one',
      { name: 'table-1', options: { count: 1 } },
      /options\.count is 1: must be from 2/,
      /Change options\.count/,
    ],
    [
      'a path as a model',
      { name: 'table-1', options: { model: '../x' } },
      /options\.model is "..\/x": must be a plain name/,
      /^For example: options\.model: shapes$/,
    ],
    [
      'a number for options',
      { name: 'table-1', options: 7 },
      /^options is 7: must be a group of keys: model, precision, /,
      /Change options\./,
    ],
    [
      'two wrong options',
      { name: 'table-1', options: { count: 1, budget: 0 } },
      /options\.count is 1: .* \(and 1 more: options\.budget\)/,
      /Change options\.count/,
    ],
    ['full precision', { name: 'table-1', options: { precision: 'fp32' } }, /with the full-precision one/, /w4a8/],
  ])('%s is refused', (_, input, message, hint) => {
    const error = refusal(input);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });
});

const evaluated = (at: number, gains: EvaluatedRow['gains'] = []): EvaluatedRow => ({
  model: 'shapes',
  precision: 'w4a8',
  scheduler: 'tcd',
  steps: 4,
  eta: 0,
  schedule: 'Original',
  coefficients: { sample: [1], noise: [1] },
  images: 40,
  failed: 0,
  fid: 1 + at,
  fidLow: 0.5,
  fidHigh: 2,
  fidFeatures: 'shapes-clip-second',
  fidSd: null,
  kid: null,
  cmmd: null,
  clipScore: 30,
  clipScoreLow: null,
  clipScoreHigh: null,
  objective: 1.5 + at,
  objectiveLow: null,
  objectiveHigh: null,
  tc: 0.7,
  iq: 0.4,
  scores: {},
  gains,
  fidGain: null,
  recommend: gains.length === 0 ? null : 'calibrated',
  pHolm: null,
  records: [],
});
const gain = (scorer: string) => ({
  scorer,
  prompts: 40,
  identity: 1.5,
  calibrated: 1.6,
  gain: 0.1,
  low: 0.04,
  high: 0.15,
  percentile: { low: 0.05, high: 0.14 },
  studentised: { low: 0.04, high: 0.15 },
  probabilityOfGain: 1,
});

describe('the table', () => {
  const made = plan('table-3', { count: 40 });
  const found: EvaluateResult = {
    evaluateId: 'evaluate-1',
    rows: made.rows.map((_, i) => evaluated(i, i === 0 ? [] : [gain('second'), gain('objective')])),
    prompts: { set: 'shapes-eval', count: 40, seeds: [2000], sha256: '' },
    objective: EvaluateSpec.parse({ rows: [{ model: 'shapes' }] }).objective,
    generated: 160,
    reused: 0,
    warnings: [],
    seconds: 1,
  };
  const rows = studyRows(made, found, references(made));
  const result: StudyResult = {
    study: 'table-3',
    title: 'T',
    studyId: 's',
    evaluateId: 'e',
    columns: made.columns,
    rows,
    objective: found.objective,
    prompts: found.prompts,
    notes: [],
    seconds: 1,
  };

  it('has labels, columns, the wider interval and the source beside what was measured', () => {
    expect(rows[0]).toMatchObject({
      label: 'Original',
      schedule: 'identity',
      tune: 'none',
      gain: null,
      gainLow: null,
      source: null,
      fid: 1,
    });
    expect(rows[3]).toMatchObject({
      label: 'Q-Sched, (c^eps, c^x)',
      schedule: 'q-sched',
      tune: 'both',
      gain: 0.1,
      gainLow: 0.04,
      gainHigh: 0.15,
      source: 'both',
      objective: 4.5,
    });
    expect(() => studyRows(made, { ...found, rows: [] }, references(made))).toThrow(/0 rows, but the study planned 4/);
  });

  it('is aligned, Markdown or CSV', () => {
    const lines = studyTable(result, 'table').split('\n');
    expect(lines[0]).toMatch(
      /^sampler +steps +precision +schedule +tune +FD \(shapes-clip-second\) +CLIPScore +objective +text +quality +gain +recommended +images$/,
    );
    expect(lines[4]).toMatch(
      /^TCD +4 +w4a8 +Q-Sched, \(c\^eps, c\^x\) +both +4\.0000 \[0\.5000, 2\.0000\] +30\.000 +4\.5000 +0\.7000 +0\.4000 +\+0\.1000 \[\+0\.0400, \+0\.1500\] +yes +40$/,
    );
    expect(studyTable(result, 'markdown').split('\n').slice(0, 2)).toEqual([
      '| sampler | steps | precision | schedule | tune | FD (shapes-clip-second) | CLIPScore | objective | text | quality | gain | recommended | images |',
      '| --- | ---: | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |',
    ]);
    const measured = { clipScoreLow: 29, clipScoreHigh: 31.5, objectiveLow: 1.25, objectiveHigh: 1.75 };
    const spread = { ...result, rows: rows.map((row) => ({ ...row, ...measured })) };
    expect(studyTable(spread, 'table').split('\n')[1]).toMatch(
      / 30\.000 \[29\.000, 31\.500\] +1\.5000 \[1\.2500, 1\.7500\] /,
    );
    const far = studyTable(
      { ...result, rows: rows.map((row) => ({ ...row, fid: 23.29, fidLow: 23, fidHigh: 24 })) },
      'table',
    );
    expect(far.split('\n')[1]).toContain(' 23.29 [23.00, 24.00] ');
    const [head, first, , , last] = studyTable(result, 'csv')
      .split('\n')
      .map((line) => line.split(','));
    expect(head!.slice(0, 7)).toEqual(['tune', 'label', 'model', 'scheduler', 'steps', 'eta', 'precision']);
    expect(first![head!.indexOf('gain_objective')]).toBe('');
    expect(last!.join(',')).toContain('"Q-Sched, (c^eps, c^x)"');
    expect(tableFormat()).toBe('table');
    expect(() => tableFormat('mardown')).toThrow(/--format is "mardown"/);
  });

  it('is a square for the surface, with its best point marked', () => {
    const grid = plan('surface');
    const points = studyRows(
      grid,
      { ...found, rows: grid.rows.map((_, i) => ({ ...evaluated(i === 70 ? 1 : 0), fid: null })) },
      {},
    );
    const lines = studyTable({ ...result, study: 'surface', rows: points, columns: grid.columns }, 'table').split('\n');
    expect(lines.slice(12)).toEqual(['', '* is the best score.']);
    expect(lines[0]).toMatch(/^c\^x \\ c\^eps +0\.80 +0\.84 /);
    expect(lines.filter((line) => line.includes('2.500*'))).toEqual([lines[7]]);
  });
});
