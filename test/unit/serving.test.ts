/** What scoring processes are started with, and what they say. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Command } from 'commander';
import { addCommands } from '../../cli/commands.js';
import { denoiserBytes, scoringPlan } from '../../cli/host/scoring-plan.js';
import { startScoringProcesses } from '../../cli/host/scoring-process.js';
import { servingOf } from '../../cli/host/serving.js';

/** A process that does nothing by itself. */
class FakeChild extends EventEmitter {
  readonly stderr = new PassThrough();
  kill(): void {
    this.emit('exit', 0);
  }
}
const children: FakeChild[] = [];
const forked = vi.hoisted(() => vi.fn<(path: string, args: string[]) => unknown>());
vi.mock('node:child_process', async (original) => ({ ...(await original<object>()), fork: forked }));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-serving-'));
  vi.stubEnv('QSCHED_MODELS', root);
  children.length = 0;
  forked.mockReset();
  forked.mockImplementation(() => {
    const child = new FakeChild();
    children.push(child);
    return child;
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

/** A model whose denoiser has files of these sizes; the files have holes instead of content. */
function model(name: string, files: Readonly<Record<string, number>>): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'unet'), { recursive: true });
  writeFileSync(join(folder, 'model_index.json'), '{}');
  for (const [file, size] of Object.entries(files)) {
    writeFileSync(join(folder, 'unet', file), '');
    truncateSync(join(folder, 'unet', file), size);
  }
  return folder;
}

describe('the number of processes', () => {
  test('is one for a model whose weights are in external data of any name', () => {
    for (const [i, weights] of ['model.onnx_data', 'model.onnx.data', 'weights.pb'].entries()) {
      model(`large-${i}`, { 'model.onnx': 1e6, [weights]: 5e9 });
      expect(scoringPlan([`large-${i}`], {}, 8)).toEqual({ processes: 1, threads: 8 });
    }
    expect(denoiserBytes(join(root, 'large-0'))).toBe(5_001_000_000);
  });

  test('is one per core for small models, and one if any model is large', () => {
    model('small', { 'model.onnx': 1e6, 'model_w4a8.onnx': 1e6 });
    model('large', { 'model.onnx': 3e9 });
    expect(scoringPlan(['small'], {}, 4)).toEqual({ processes: 4, threads: 1 });
    expect(scoringPlan(['small'], {}, 64)).toEqual({ processes: 8, threads: 8 });
    expect(scoringPlan(['small', 'large'], {}, 4)).toEqual({ processes: 1, threads: 4 });
    expect(scoringPlan(['large'], { processes: 2 }, 4)).toEqual({ processes: 2, threads: 2 });
    expect(scoringPlan(['small'], { device: 'cuda' }, 4)).toEqual({ processes: 1, threads: 4 });
  });
});

describe('flags', () => {
  test('are numbers, or absent', () => {
    expect(servingOf({ workers: '2', device: 'cuda', networkBatch: '8' })).toEqual({
      processes: 2,
      device: 'cuda',
      batch: 8,
      live: { port: undefined },
    });
    expect(servingOf({})).toEqual({
      processes: undefined,
      device: undefined,
      batch: undefined,
      live: { port: undefined },
    });
    expect(servingOf({ livePort: '9000' }).live).toEqual({ port: 9000 });
    expect(servingOf({ noLive: true }).live).toBe('none');
  });

  test.each([
    [{ workers: 'many' }, '--workers is "many": it must be a whole number from 1 to 64.'],
    [{ workers: '0' }, '--workers is "0"'],
    [{ networkBatch: '' }, '--network-batch is ""'],
    [{ device: 'cude' }, '"cude" is not a device.'],
    [{ networkBatch: '1.5' }, '--network-batch is "1.5"'],
    [{ livePort: '0' }, '--live-port is "0": it must be a whole number from 1 to 65535.'],
    [{ livePort: '65536' }, '--live-port is "65536"'],
    [{ livePort: 'eight' }, '--live-port is "eight"'],
    [{ livePort: '8234', noLive: true }, '--no-live and --live-port contradict each other.'],
  ])('%j are refused', (flags, message) => {
    expect(() => servingOf(flags)).toThrow(message);
  });
});

test('--no-live is a flag of its own: nothing is said of live pages without it', async () => {
  const program = new Command('qsched').exitOverride();
  addCommands(program, () => undefined);
  for (const name of ['up', 'search', 'resume', 'evaluate']) {
    const command = program.commands.find((one) => one.name() === name)!;
    const given: Record<string, unknown>[] = [];
    command.action((...all: unknown[]) => {
      given.push(all.at(-2) as Record<string, unknown>);
    });
    await program.parseAsync([name], { from: 'user' });
    await program.parseAsync([name, '--no-live'], { from: 'user' });
    expect(given.map(({ live, noLive }) => [live, noLive])).toEqual([
      [undefined, undefined],
      [undefined, true],
    ]);
  }
});

describe('scoring processes', () => {
  const OPTIONS = { processes: 1, threads: 3, models: ['a', 'b'], address: '127.0.0.1:1', namespace: 'default' };

  test('get device and batch, if they were asked for', () => {
    startScoringProcesses({ ...OPTIONS, say: () => undefined, device: 'cuda', batch: 4 });
    startScoringProcesses({ ...OPTIONS, say: () => undefined });
    expect(forked.mock.calls.map(([, args]) => args.join(' '))).toEqual([
      'worker --threads 3 --device cuda --network-batch 4 --model a --model b',
      'worker --threads 3 --model a --model b',
    ]);
  });

  test('say whole lines through this process', async () => {
    const said: string[] = [];
    startScoringProcesses({ ...OPTIONS, processes: 2, say: (line) => said.push(line) });
    const [one, two] = children as [FakeChild, FakeChild];
    one.stderr.write('first ha');
    two.stderr.write('second line\n');
    one.stderr.write('lf\n');
    await vi.waitFor(() => expect(said).toEqual(['second line', 'first half']));
    one.stderr.write('second line\n'); // the same of both processes is said once
    one.stderr.write('third line\n');
    await vi.waitFor(() => expect(said).toEqual(['second line', 'first half', 'third line']));
  });

  test('are not started again after wrong input', async () => {
    const said: string[] = [];
    const { broken } = startScoringProcesses({ ...OPTIONS, say: (line) => said.push(line) });
    children[0]!.emit('close', 2, null);
    await expect(broken).rejects.toMatchObject({ exitCode: 2, message: 'The scoring workers cannot start.' });
    expect(forked).toHaveBeenCalledTimes(1);
  });

  test('are started again after a crash, three times', async () => {
    vi.useFakeTimers();
    const said: string[] = [];
    const { broken } = startScoringProcesses({ ...OPTIONS, say: (line) => said.push(line) });
    for (let i = 0; i < 4; i += 1) {
      children[i]!.emit('close', null, 'SIGKILL');
      await vi.advanceTimersByTimeAsync(1000);
    }
    await expect(broken).rejects.toThrow('The scoring workers keep ending (SIGKILL).');
    expect(said).toEqual(Array(3).fill('a scoring worker ended (SIGKILL); starting another one'));
  });
});
