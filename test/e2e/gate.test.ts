/**
 * `qsched gate` on the bundled model: full precision against itself, against its quantised versions, its files for CI, and
 * after kill -9 without generating an image twice.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeShard } from '../../artefacts/shard-record.js';
import type { GateResult, GateScore } from '../../contract/gate-result.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { cleanUp, killGroup, newDataFolder, query, runCli, startCli, startUp } from './harness.js';

const GATE = ['gate', '--model', 'shapes', '--steps', '2'];
/** A candidate that is clearly worse, on few prompts. */
const WORSE = [...GATE, '--candidate', 'w4a6', '--count', '60'];

afterAll(cleanUp);

type Printed = GateResult & { readonly repair: string | null };

async function gate(args: readonly string[], data: string, code: number): Promise<Printed> {
  const run = await runCli([...args, '--json'], data);
  expect(run.code, run.stderr).toBe(code);
  return JSON.parse(run.stdout) as Printed;
}

const objectOf = (data: string, hash: string): string => join(data, 'artefacts', 'objects', hash.slice(0, 2), hash);

/** Keys of images with the file that holds them: one that is bound anew is another file. */
function imageBindings(data: string): Map<string, number> {
  const folder = join(data, 'artefacts', 'keys');
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.tmp'),
  );
  return new Map(
    files.flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const hash = readFileSync(path, 'utf8');
      const object = objectOf(data, hash);
      const isImage = existsSync(object) && readFileSync(object).subarray(1, 4).toString('latin1') === 'PNG';
      return isImage ? [[name, statSync(path).ino] as const] : [];
    }),
  );
}

describe('a gate in a folder of its own', () => {
  const data = newDataFolder();
  beforeAll(async () => {
    await startUp(data); // the commands share its server and workers
  });

  it('lets full precision pass against itself, at an early look', async () => {
    const args = [...GATE, '--reference', 'fp32', '--candidate', 'fp32'];
    const refused = await runCli(args, data);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/reference and candidate are the same: .*\n.*--allow-identical/);
    const result = await gate(
      [...args, '--allow-identical', '--scores', 'objective,second,ssim', '--margin', 'ssim=0.99'],
      data,
      0,
    );
    expect(result).toMatchObject({ verdict: 'passed', repair: null, lost: 0 });
    expect(result.scores.map(({ name, kind, estimate, state }) => [name, kind, estimate, state])).toEqual([
      ['objective', 'pointwise', 0, 'passed'],
      ['second', 'pointwise', 0, 'passed'],
      ['ssim', 'pairwise', 1, 'passed'],
    ]);
    // One side was rendered, for it is the other one too.
    // The first eight prompts are looked at again beside their repeat, which shows that equal seeds give equal images.
    expect(result.generated).toBe(2 * result.prompts.count + 2 * 8);
    expect(result.reused).toBe(2 * 8);
    expect(result.scores[2]).toMatchObject({ repeat: 1 });
    expect(result.prompts.count).toBeLessThan(result.prompts.most);
  });

  it('fails what is worse, with the search that repairs it, and files for CI', async () => {
    const [junit, markdown] = [join(data, 'gate.xml'), join(data, 'gate.md')];
    const result = await gate([...WORSE, '--junit', junit, '--markdown', markdown], data, 3);
    expect(result.verdict).toBe('failed');
    expect(result.reason).toMatch(/worse than the margin/);
    const failed = result.scores.filter(({ state }) => state === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    for (const { estimate, high, margin, reference, candidate } of failed) {
      expect(high).toBeLessThan(-margin);
      expect(estimate).toBeCloseTo(candidate! - reference!, 9);
    }
    expect(result.repair).toBe('npx qsched search --model shapes --precision w4a6 --scheduler tcd --steps 2');
    expect(readFileSync(junit, 'utf8')).toMatch(/<testsuites tests="3" failures="[23]" errors="0"/);
    expect(readFileSync(markdown, 'utf8')).toMatch(/### qsched gate: failed[\s\S]*\| score \|[\s\S]*npx qsched search/);
    expect(result.worst).toHaveLength(8);
    for (const { value, text, seed, reference, candidate } of result.worst) {
      expect(value).toBeLessThan(0);
      expect(text).not.toBe('');
      expect([3000, 3001]).toContain(seed);
      expect(reference).not.toBe(candidate);
    }
  });

  it('says with how many prompts an undecided one would be decided', async () => {
    const args = [...GATE, '--candidate', 'w8a8', '--count', '20', '--looks', '1', '--scores', 'second'];
    const first = await runCli([...args, '--margin', 'second=1', '--json'], data);
    const [{ estimate }] = (JSON.parse(first.stdout) as Printed).scores as [GateScore];
    // The margin is where the estimate is.
    const result = await gate([...args, '--margin', `second=${Math.abs(estimate)}`], data, estimate < 0 ? 4 : 0);
    expect(result.verdict).toBe('undecided');
    expect(result.reason).toMatch(/second is undecided after 20 prompts/);
    expect(result.scores[0]).toMatchObject({ state: 'open', estimate });
  });

  it('takes the reference from its record, and refuses one of another schedule', async () => {
    const record = join(data, 'baseline.json');
    const whole = await gate([...WORSE, '--write-baseline', record], data, 3);
    const alone = await gate([...WORSE, '--baseline', record], data, 3);
    expect(alone.generated + alone.reused).toBe((whole.generated + whole.reused) / 2);
    // The same estimates; bounds differ, for the prompts of the record are all that this gate may take.
    const estimates = ({ scores }: Printed) => scores.map(({ name, estimate, margin }) => [name, estimate, margin]);
    expect(estimates(alone)).toEqual(estimates(whole));
    expect(alone.prompts.most).toBe(whole.prompts.count);
    expect(alone).toMatchObject({ baseline: null, reference: { key: whole.reference.key, records: [] } });
    const other = await runCli([...WORSE, '--steps', '3', '--baseline', record], data);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/The baseline is the record of "shapes fp32" with other files, precision or schedule/);
    const pairwise = await runCli([...WORSE, '--scores', 'ssim', '--margin', 'ssim=0.9', '--baseline', record], data);
    expect(pairwise.code).toBe(2);
    expect(pairwise.stderr).toMatch(/baseline holds scores of the reference and no images: ssim needs both sides/);
  });

  it('compares folders of images, pairwise and by scorers', async () => {
    const whole = await gate(WORSE, data, 3);
    const folders = (['reference', 'candidate'] as const).map((side) => {
      const folder = join(data, `${side}-images`);
      mkdirSync(folder, { recursive: true });
      const images = whole[side].records.flatMap((hash) =>
        decodeShard(readFileSync(objectOf(data, hash)))!.flatMap((block) => block.images),
      );
      images.forEach((hash, i) =>
        copyFileSync(objectOf(data, hash), join(folder, `${String(i >> 1).padStart(3, '0')}-seed-${i % 2}.png`)),
      );
      return folder;
    });
    const prompts = readPromptSet('shapes-eval').slice(0, whole.prompts.count);
    const texts = Object.fromEntries(prompts.map(({ text }, i) => [String(i).padStart(3, '0'), text]));
    writeFileSync(join(folders[0]!, 'prompts.json'), JSON.stringify(texts));
    const sides = ['gate', '--reference', folders[0]!, '--candidate', folders[1]!];
    const again = await gate([...sides, '--scores', 'objective,second'], data, 3);
    // The same images have the same scores, wherever they were made.
    expect(again.scores.map(({ name, candidate }) => [name, candidate])).toEqual(
      whole.scores.map(({ name, candidate }) => [name, expect.closeTo(candidate!, 9) as unknown]),
    );
    expect(again.generated).toBe(0);
    expect((await gate([...sides, '--scores', 'ssim', '--margin', 'ssim=0.999999'], data, 3)).scores[0]).toMatchObject({
      name: 'ssim',
      state: 'failed',
    });
    rmSync(join(folders[1]!, '000-seed-0.png'));
    const refused = await runCli([...sides, '--scores', 'ssim', '--margin', 'ssim=0.9'], data);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/has the seeds 1, and other prompts 0, 1/);
  });

  it('calibrates what failed, and is run again on other prompts', async () => {
    const args = [...GATE, '--candidate', 'w4a8', '--count', '60', '--looks', '1', '--calibrate', '--budget', '8'];
    const run = await runCli([...args, '--json'], data);
    expect([0, 3, 4], run.stderr).toContain(run.code);
    const result = JSON.parse(run.stdout) as Printed & {
      readonly calibration: { readonly searchId: string; readonly before: GateResult };
    };
    const { searchId, before } = result.calibration;
    expect(before.verdict).toBe('failed');
    expect(result.candidate.name).toBe(`shapes w4a8, search:${searchId}`);
    expect(result.prompts.skip).toBe(before.prompts.count);
    expect(result.scores[0]!.estimate).toBeGreaterThan(before.scores[0]!.estimate);
    expect(result.warnings.filter((warning) => warning.includes('used'))).toEqual([]);
  });

  it('is a row of runs, and its scores are rows of gate_scores', async () => {
    const { gateId: failedId } = await gate(WORSE, data, 3);
    const rows = query<{ name: string; verdict: string; score: string; state: string; prompts: number }>(
      data,
      'select name, verdict, score, state, prompts from gate_scores where run_id = ? order by position',
      failedId,
    );
    expect(rows.map(({ score }) => score)).toEqual(['objective', 'second']);
    expect(rows[0]).toMatchObject({ name: 'shapes w4a6 against shapes fp32' });
  });

  it('generates nothing twice: the same command again reuses every image', async () => {
    const result = await gate(WORSE, data, 3);
    expect(result.generated).toBe(0);
    expect(result.reused).toBeGreaterThan(0);
  });
});

describe('a gate that is killed', () => {
  it('goes on with the same command, and no image is generated twice', async () => {
    const data = newDataFolder();
    const undecided = [...GATE, '--candidate', 'w8a8', '--count', '200', '--looks', '2'];
    const running = startCli(undecided, data);
    while (imageBindings(data).size < 60) await sleep(50);
    killGroup(running.pid);
    await running.result;
    await sleep(1000); // the scoring processes see that their parent has gone
    const before = imageBindings(data);
    const run = await runCli([...undecided, '--json'], data);
    expect([0, 3, 4], run.stderr).toContain(run.code);
    const result = JSON.parse(run.stdout) as Printed;
    const after = imageBindings(data);
    for (const [key, file] of before) expect(after.get(key)).toBe(file);
    expect(after.size).toBe(4 * result.prompts.count);
    expect(result.generated + result.reused).toBe(after.size);
  });
});
