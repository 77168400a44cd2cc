/**
 * Committed histories of real workflows replay on the workflows of today: what runs continues after an update.
 * scripts/record-histories.ts writes them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from './fake-world.js';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', 'golden', 'histories');
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort();
/** Bytes are `{"base64": ...}` in the files. */
const bytes = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'base64' in value
    ? Buffer.from(String(value.base64), 'base64')
    : value;
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

describe('a committed history', () => {
  let bundle: Awaited<ReturnType<typeof workflowBundle>>;
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    bundle = await workflowBundle();
  });
  const replay = (file: string, text: string): Promise<void> =>
    Worker.runReplayHistory(
      { workflowBundle: bundle },
      JSON.parse(text, bytes) as unknown,
      file.replace(/-\d+\.json$/, ''),
    );

  it('is there for every optimizer that adapts, a control, a continued search and a refused one', () => {
    expect(FILES).toEqual(
      expect.arrayContaining([
        'auto-1.json',
        'cma-es-1.json',
        'grid-with-control-1.json',
        'one-plus-one-1.json',
        'one-plus-one-2.json',
        'unknown-precision-1.json',
      ]),
    );
  });

  it.each(['evaluate', 'gate', 'match', 'ptqd', 'reproduce'])(
    'is there for the workflow %s, from its start to its end',
    (name) => {
      const { events } = JSON.parse(read(`${name}-1.json`)) as { events: Record<string, unknown>[] };
      expect(events[0]).toMatchObject({ workflowExecutionStartedEventAttributes: { workflowType: { name } } });
      expect(events.at(-1)).toHaveProperty('workflowExecutionCompletedEventAttributes');
    },
  );

  it.each(FILES)('%s replays', async (file) => {
    await expect(replay(file, read(file))).resolves.toBeUndefined();
  });

  it('with another activity is refused', async () => {
    const other = read('cma-es-1.json').replaceAll(/("activityType": ?{ ?"name": ?"ask)"/g, '$1ed"');
    await expect(replay('cma-es-1.json', other)).rejects.toBeInstanceOf(DeterminismViolationError);
  });

  it.each(FILES)('%s names no machine, and is small', (file) => {
    const text = read(file);
    expect(text.length).toBeLessThan(300_000);
    const payloads = [...text.matchAll(/"base64":"([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data!, 'base64').toString('utf8'),
    );
    expect(
      [text, ...payloads].flatMap((plain) => /\b\d+@\w+|\/(home|root|tmp|work)\/[^"]*/.exec(plain)?.[0] ?? []),
    ).toEqual([]);
  });
});
