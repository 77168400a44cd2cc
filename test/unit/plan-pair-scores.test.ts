/** Which pairwise scores can be computed, and with what. */
import { expect, test } from 'vitest';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { evaluateIdOf } from '../../contract/content-id.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { describeNetwork } from '../../inference/describe.js';
import { verifyPairScores } from '../../inference/verify.js';
import { pairScoreIdentity } from '../../metrics/pairwise/pair-score-table.js';
import { checkEvaluationFiles } from '../../planning/check.js';
import { planPairScores } from '../../planning/pair-scores.js';

const describeShapes = (scorers: string[]) =>
  describeNetwork({ version: WIRE_VERSION, model: 'shapes', precision: 'w4a8', options: {}, scorers }, {});
const spec = (pairwise: string[], precisions = ['fp32', 'w4a8']) =>
  parseEvaluateSpec({
    rows: precisions.map((precision) => ({ model: 'shapes', precision })),
    prompts: { count: 2 },
    pairwise,
  });

test('each score once, with a fingerprint that a worker agrees with', async () => {
  const description = await describeShapes(['lpips', 'objective', 'second']);
  const names = ['psnr', 'lpips', 'clip-image', 'clip-image@second', 'psnr'];
  const scores = planPairScores(names, description);
  expect(scores.map(({ name, score, scorer }) => [name, score, scorer])).toEqual([
    ['psnr', 'psnr', null],
    ['lpips', 'lpips', 'lpips'],
    ['clip-image', 'clip-image', 'objective'],
    ['clip-image@second', 'clip-image', 'second'],
  ]);
  expect(new Set(scores.map(({ fingerprint }) => fingerprint)).size).toBe(4);
  expect(scores[0]!.fingerprint).toBe(hashOf(pairScoreIdentity('psnr', null)));
  const network = { model: 'shapes', precision: 'w4a8', options: {}, network: description.network };
  await expect(verifyPairScores(network, scores, {})).resolves.toBeUndefined();
  const other = { ...scores[1]!, fingerprint: '0'.repeat(64) };
  await expect(verifyPairScores(network, [other], {})).rejects.toThrow('The files of the scorer of "lpips"');
});

test('without a network, scorers are named by their folders', async () => {
  const [lpips] = planPairScores(['lpips'], await describeShapes(['lpips']));
  await expect(verifyPairScores(null, [{ ...lpips!, scorer: 'shapes-lpips' }], {})).resolves.toBeUndefined();
  await expect(verifyPairScores(null, [lpips!], {})).rejects.toThrow('The score "lpips" is not installed');
});

test.each([
  [['lpips@objective'], /needs a scorer of the kind lpips, but "objective" is of the kind clip/],
  [['dinov2'], /The score "dinov2" is not installed: it needs a folder "dinov2"/],
  [['clip-image@nosuch'], /There is no scorer "nosuch"/],
])('%j is refused before anything is made', (pairwise, message) => {
  expect(() => checkEvaluationFiles(spec(pairwise))).toThrow(message);
});

test('a table needs a full-precision row to compare with', () => {
  const message = 'pairwise asks for psnr, but no row has a full-precision row to be compared with.';
  expect(() => checkEvaluationFiles(spec(['psnr'], ['w4a8']))).toThrow(message);
  expect(() => checkEvaluationFiles(spec(['psnr'], ['fp32']))).toThrow(message);
  expect(() => checkEvaluationFiles(spec(['psnr', 'lpips', 'clip-image']))).not.toThrow();
});

test('no pairwise scores leave the id of a table as it is', () => {
  const { pairwise: _, ...older } = spec([]);
  expect(evaluateIdOf(spec([]))).toBe(evaluateIdOf(older));
  expect(evaluateIdOf(spec(['psnr']))).not.toBe(evaluateIdOf(older));
});
