/** A gate in words: text, Markdown, JUnit, the search that repairs it, and its part of a report. */
import { expect, describe, it } from 'vitest';
import { gateReason } from '../../compute/gate-reason.js';
import { gateJunit } from '../../cli/text/gate-junit.js';
import { repairCommand } from '../../cli/text/gate-repair.js';
import { gateMarkdown, gateText } from '../../cli/text/gate-text.js';
import type { GateResult, GateScore } from '../../contract/gate-result.js';
import type { GateSpecInput } from '../../contract/gate-spec.js';
import { settleGateHere } from '../../planning/settle.js';
import { gateDocument } from '../../report/data/gate-data.js';
import { reportOf } from '../../report/data/report-data.js';
import { reportDocument } from '../../report/documents/report-document.js';
import { renderReport } from '../../report/page/render-report.js';

const score = (own: Partial<GateScore>): GateScore => ({
  name: 'objective',
  kind: 'pointwise',
  better: 'higher',
  reference: 2.9,
  candidate: 2.8,
  estimate: -0.1,
  low: -0.12,
  high: -0.08,
  margin: 0.02,
  spread: 0.2,
  repeat: null,
  state: 'failed',
  promptsNeeded: 40,
  ...own,
});
const LPIPS = score({
  name: 'lpips',
  kind: 'pairwise',
  better: 'lower',
  reference: null,
  candidate: null,
  estimate: 0.05,
  low: 0.04,
  high: 0.06,
  margin: 0.1,
  spread: null,
  repeat: 0,
  state: 'passed',
});
const RESULT: GateResult = {
  gateId: 'gate-1',
  verdict: 'failed',
  reason: 'objective is worse than the margin, on 80 prompts.',
  reference: { name: 'shapes fp32', key: 'a'.repeat(64), records: [] },
  candidate: { name: 'shapes <w4a8> & "more"', key: 'b'.repeat(64), records: [] },
  scores: [score({}), LPIPS],
  prompts: { set: 'shapes-eval', count: 80, most: 1000, skip: 0, seeds: [3000, 3001], sha256: 'c'.repeat(64) },
  lost: 0,
  looks: [{ prompts: 80, verdict: 'failed' }],
  planned: { prompts: 400, wanted: 400, power: 0.9 },
  promptsToDecide: 30,
  worst: [
    {
      score: 'objective',
      prompt: 3,
      text: 'a <b>red</b> circle',
      seed: 3001,
      value: -0.9,
      reference: null,
      candidate: null,
    },
  ],
  baseline: null,
  objective: settleGateHere({ reference: { model: 'shapes' }, candidate: { model: 'shapes' } }).spec.objective,
  power: 0.9,
  alpha: 0.025,
  generated: 320,
  reused: 0,
  warnings: ['2 prompts lack an image'],
  seconds: 12.5,
};

describe('a gate for people', () => {
  it('has its verdict, its bounds in the direction of each score, and the repair', () => {
    const text = gateText(RESULT, 'npx qsched search --model shapes');
    expect(text).toMatch(/^failed: shapes/);
    expect(text).toMatch(/objective +2\.9000 +2\.8000 +-0\.1000 +-0\.1200 to -0\.0800 +above -0\.0200 +failed/);
    expect(text).toMatch(/lpips .*0\.0500 +0\.0400 to 0\.0600 +below 0\.1000 +passed/);
    expect(text).toMatch(/the reference against itself, same seeds: lpips 0\.0000/);
    expect(text).toMatch(/one-sided 97\.5 %/);
    expect(text).toMatch(/npx qsched search --model shapes$/);
  });

  it('is a table of Markdown with its warnings', () => {
    const text = gateMarkdown(RESULT, null);
    expect(text).toMatch(/^### qsched gate: failed\n/);
    expect(text).toContain('| objective | 2.9000 | 2.8000 | -0.1000 | -0.1200 to -0.0800 | above -0.0200 | failed |');
    expect(text).toContain('- 2 prompts lack an image');
    expect(text).not.toContain('npx qsched search');
  });

  it('is JUnit XML with a case per score, well-formed whatever a side is called', () => {
    const xml = gateJunit(RESULT);
    expect(xml).toContain('<testsuites tests="3" failures="2" errors="0" skipped="0" time="12.500">');
    expect(xml).toContain('name="shapes &lt;w4a8&gt; &amp; &quot;more&quot; against shapes fp32"');
    expect(xml).toContain(
      '<failure type="failed" message="failed: -0.1000 (-0.1200 to -0.0800), must be above -0.0200"/>',
    );
    expect(xml).toContain('<system-out>passed: 0.0500 (0.0400 to 0.0600), must be below 0.1000</system-out>');
    expect(gateJunit({ ...RESULT, scores: [score({ state: 'open' })] })).toContain('<failure type="undecided"');
    expect(gateJunit({ ...RESULT, verdict: 'passed', scores: [LPIPS] })).toContain('failures="0"');
  });

  it('is a part of a report, whose texts are escaped', () => {
    const { spec } = settleGateHere({ reference: { model: 'shapes' }, candidate: { model: 'shapes' } });
    const run = {
      id: 'gate-1',
      kind: 'gate' as const,
      name: 'shapes w4a8 against shapes fp32',
      status: 'finished',
      message: null,
      spec,
      result: RESULT,
      createdAt: '2026-01-01T00:00:00Z',
      updatedAt: '2026-01-01T00:00:00Z',
    };
    const part = gateDocument(run, { folder: '/nowhere', images: 'inline' });
    expect(part.scores.map(({ limit, distance }) => [limit, distance.value])).toEqual([
      [-0.02, expect.closeTo(-0.08, 12) as unknown],
      [0.1, expect.closeTo(0.05, 12) as unknown],
    ]);
    expect(part.scores[1]!.distance.low).toBeCloseTo(0.04, 12);
    expect(part.command).toMatch(/npx qsched gate gate\.yaml$/);
    const report = reportOf([part], new Date(0));
    expect(reportDocument.parse(report)).toEqual(report);
    const html = renderReport(report);
    expect(html).toContain('Worst prompts');
    expect(html).not.toContain('<b>red</b>');
    expect(html).toMatch(/Distance of lpips from its margin/);
    const open = renderReport(
      reportOf(
        [gateDocument({ ...run, status: 'running', result: null }, { folder: '/', images: 'inline' })],
        new Date(0),
      ),
    );
    expect(open).toContain('running');
  });
});

describe('the search that repairs a candidate', () => {
  const commandOf = (candidate: GateSpecInput['candidate']): string | null =>
    repairCommand(settleGateHere({ reference: { model: 'shapes' }, candidate }).spec);

  it('has its network and scheduler', () => {
    expect(commandOf({ model: 'shapes', precision: 'w4a6', scheduler: { steps: 2, eta: 0.3 } })).toBe(
      'npx qsched search --model shapes --precision w4a6 --scheduler tcd --steps 2 --eta 0.3',
    );
  });

  it('is not there for full precision, and for steps that no flag gives', () => {
    expect(commandOf({ model: 'shapes', precision: 'fp32', scheduler: { steps: 2 } })).toBeNull();
    expect(commandOf({ model: 'shapes', precision: 'w4a8', scheduler: { timesteps: [999, 500] } })).toBeNull();
  });
});

describe('the reason of a verdict', () => {
  const open = score({ state: 'open' });
  const of = (own: object): string =>
    gateReason({
      verdict: 'undecided',
      scores: [open, LPIPS],
      promptsToDecide: 500,
      lost: 0,
      prompts: 100,
      most: 1000,
      reasons: [],
      ...own,
    });

  it('names the scores, and how many prompts would decide', () => {
    expect(of({})).toBe('objective is undecided after 100 prompts: about 500 prompts would decide.');
    expect(of({ most: 100 })).toBe(
      'objective is undecided after 100 prompts: about 500 prompts would decide, and there are 100.',
    );
    expect(of({ promptsToDecide: null })).toMatch(/no number is likely to decide/);
    expect(of({ verdict: 'passed', scores: [LPIPS, { ...LPIPS, name: 'ssim' }] })).toBe(
      'lpips and ssim are within the margin, on 100 prompts.',
    );
  });

  it('does not let prompts without images pass', () => {
    expect(of({ scores: [LPIPS], lost: 3, reasons: ['not finite'] })).toBe(
      'Every score is within its margin, but 3 of 100 prompts lack an image or a score (not finite).',
    );
  });
});
