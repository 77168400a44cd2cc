/** Keys and migrations of the store. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { candidateId, evaluationKey, promptId } from '../../db/keys.js';
import { openStore } from '../../db/open-store.js';
import { ROOT, folder, path, steps, sql, one } from './store-fixture.js';

describe('keys', () => {
  test('are the same as when the first database was written', () => {
    expect(promptId('a red circle')).toBe('a1e4a280d27cad5b1aa05b230031f649a0ef0b265df51db178bcf44ccd129fd0');
    expect(candidateId({ sample: [0.9, 1], noise: [1.1, 1] })).toBe(
      '6e17b97eb77c2e42f1309b7b905dc03e6c770340b859acd1392dca0a36a4732f',
    );
    expect(evaluationKey('context', 'candidate', 'prompt', 7)).toBe(
      '89683340d6fb54b5c809e73a483ea1b380f8346ab593030f4a6a32a8247b77b2',
    );
  });

  test('depend on every bit of the coefficients, and on their order', () => {
    const ids = [
      steps(1),
      steps(1 + Number.EPSILON),
      { sample: [1, 1], noise: [1, 2] },
      { sample: [1, 1], noise: [2, 1] },
      { sample: [2, 1], noise: [1, 1] },
      { sample: [1], noise: [1, 1, 1] },
    ].map(candidateId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(candidateId(steps(-0))).toBe(candidateId(steps(0)));
  });

  test('depend on the text exactly', () => {
    expect(new Set(['a', 'A', 'a ', '\u00e5', 'a\u030a'].map((text) => promptId(text))).size).toBe(5);
  });
});

describe('migrations', () => {
  test('create every table and view, once', () => {
    const names = sql<{ name: string }>(
      "select name from sqlite_master where name not like 'sqlite_%' and name not like '\\_\\_%' escape '\\' order by name",
    ).map(({ name }) => name);
    expect(names).toEqual([
      'best_coefficients',
      'candidates',
      'contexts',
      'evaluation_rows',
      'evaluations',
      'evaluations_by_candidate',
      'fits',
      'gate_scores',
      'prompt_gains',
      'prompt_scores',
      'prompts',
      'repair_split',
      'runs',
      'schedule_origins',
      'schedule_origins_by_search',
      'schedules',
      'search_contexts',
      'search_progress',
      'search_prompts',
      'searches',
      'searches_overview',
      'steering',
      'trial_history',
      'trial_images',
      'trials',
      'work',
      'work_by_search',
    ]);
    const applied = one<number>('select count(*) from __drizzle_migrations');
    openStore(path).$client.close();
    expect(one('select count(*) from __drizzle_migrations')).toBe(applied);
    expect(one('pragma journal_mode')).toBe('wal');
    expect(one('pragma foreign_keys')).toBe(1);
  });

  test('match the schema: the generator finds nothing to add', () => {
    const copy = join(folder, 'check');
    mkdirSync(copy);
    cpSync(join(ROOT, 'db'), join(copy, 'db'), { recursive: true });
    writeFileSync(
      join(copy, 'drizzle.config.json'),
      JSON.stringify({ dialect: 'sqlite', schema: join(ROOT, 'db', 'schema.ts'), out: './db/migrations' }),
    );
    const before = readdirSync(join(copy, 'db', 'migrations'));
    const output = execFileSync(
      process.execPath,
      [join(ROOT, 'node_modules', 'drizzle-kit', 'bin.cjs'), 'generate', '--config', 'drizzle.config.json'],
      { cwd: copy, encoding: 'utf8', env: { ...process.env, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    expect(output).toContain('No schema changes');
    expect(readdirSync(join(copy, 'db', 'migrations'))).toEqual(before);
  });
});
