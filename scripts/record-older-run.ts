/**
 * Records a search of an older release that is killed in the middle: its database and its Temporal server's file, as
 * test/faults/older-version.test.ts needs them.
 *
 * Usage: tsx scripts/record-older-run.ts CHECKOUT OUTPUT
 * CHECKOUT is a built checkout of the older release, OUTPUT the folder to write qsched.db.gz and temporal-*.db.gz to.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { readServerRecord } from '../temporal/server-record.js';

const SEARCH =
  '--model shapes --steps 2 --optimizer cma-es --batch 4 --budget 24 --count 2 --noise-seed 0 --select-count 2 --finalists 2 --confirm-count 4';
/** The search is killed once so many candidates are scored, the baseline among them. */
const SCORED = 11;
const WITHIN_MILLISECONDS = 120_000;

const [checkout, output] = process.argv.slice(2);
if (checkout === undefined || output === undefined) throw new Error('Usage: record-older-run.ts CHECKOUT OUTPUT');
const data = mkdtempSync(join(tmpdir(), 'qsched-older-'));
const main = join(resolve(checkout), 'dist', 'cli', 'main.js');
const search = spawn(process.execPath, [main, 'search', ...SEARCH.split(' ')], {
  env: { ...process.env, QSCHED_DATA: data, TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: join(data, 'absent.toml') },
  detached: true,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const deadline = Date.now() + WITHIN_MILLISECONDS;
while (scored() < SCORED) {
  if (search.exitCode !== null || Date.now() > deadline) throw new Error('The search was not killed in time.');
  await sleep(20);
}
process.kill(-search.pid!, 'SIGKILL');
process.kill(readServerRecord(data)!.pid, 'SIGKILL');
await sleep(1000);

mkdirSync(output, { recursive: true });
for (const name of readdirSync(data).filter((file) => file.endsWith('.db'))) {
  const database = new Database(join(data, name));
  database.pragma('wal_checkpoint(truncate)'); // everything into the one file
  database.close();
  writeFileSync(join(output, `${name}.gz`), gzipSync(readFileSync(join(data, name)), { level: 9 }));
}
rmSync(data, { recursive: true });

function scored(): number {
  if (!existsSync(join(data, 'qsched.db'))) return 0;
  const database = new Database(join(data, 'qsched.db'), { readonly: true });
  try {
    return database.prepare<[], number>('select count(*) from trials where score is not null').pluck().get()!;
  } catch {
    return 0; // no tables yet
  } finally {
    database.close();
  }
}
