import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { configuredServer } from '../../temporal/connect.js';
import { isLocal } from '../../temporal/open-connection.js';
import { COMPUTE_QUEUE, modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { searchAttributeCommands } from '../../temporal/search-attributes.js';
import { databaseFile, serverArguments } from '../../temporal/server-process.js';
import { readServerRecord, removeServerRecord, writeServerRecord } from '../../temporal/server-record.js';

const scratch = mkdtempSync(join(tmpdir(), 'qsched-config-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const none = { TEMPORAL_CONFIG_FILE: join(scratch, 'absent.toml') };

describe('the configured server', () => {
  it('is none if nothing names an address', () => {
    expect(configuredServer({ ...none, TEMPORAL_NAMESPACE: 'x' })).toBeNull();
    expect(configuredServer({ ...none, TEMPORAL_ADDRESS: '' })).toBeNull();
  });

  it('comes from TEMPORAL_ADDRESS and its companions', () => {
    expect(configuredServer({ ...none, TEMPORAL_ADDRESS: 'host' })).toEqual({
      address: 'host:7233',
      namespace: 'default',
    });
    expect(
      configuredServer({ ...none, TEMPORAL_ADDRESS: 'host:1', TEMPORAL_NAMESPACE: 'n', TEMPORAL_API_KEY: 'k' }),
    ).toEqual({ address: 'host:1', namespace: 'n', tls: true, apiKey: 'k' });
  });

  it('comes from a profile of temporal.toml', () => {
    const file = join(scratch, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "a:1"\n[profile.other]\naddress = "b:2"\nnamespace = "n"\n');
    expect(configuredServer({ TEMPORAL_CONFIG_FILE: file })).toEqual({ address: 'a:1', namespace: 'default' });
    expect(configuredServer({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'other' })).toEqual({
      address: 'b:2',
      namespace: 'n',
    });
  });

  it('that cannot be read is a usage error', () => {
    const file = join(scratch, 'broken.toml');
    writeFileSync(file, '[profile.default\n');
    expect(() => configuredServer({ TEMPORAL_CONFIG_FILE: file })).toThrow(/Temporal configuration cannot be read/);
  });
});

it.each([
  ['127.0.0.1:7233', true],
  ['localhost:1', true],
  ['[::1]:7233', true],
  ['localhost.example:1', false],
  ['10.0.0.1:7233', false],
])('%s is local: %s', (address, local) => {
  expect(isLocal(address)).toBe(local);
});

it('queues have the names that people type', () => {
  expect([WORKFLOW_QUEUE, STORE_QUEUE, COMPUTE_QUEUE, modelQueue('shapes')]).toEqual([
    'qsched',
    'qsched-store',
    'qsched-compute',
    'qsched-model-shapes',
  ]);
});

it('the server listens on loopback only, on a file named after its version', () => {
  const line = serverArguments({
    executable: { path: 't', cliVersion: '1', serverVersion: '1.29.1', source: 'path' },
    dataFolder: '/d',
    port: 1,
    uiPort: 2,
    namespace: 'default',
    env: {},
  }).join(' ');
  expect(line).toContain('--ip 127.0.0.1 --port 1 --ui-ip 127.0.0.1 --ui-port 2');
  expect(line).toContain(`--db-filename ${join('/d', 'temporal-1.29.1.db')}`);
  expect(line).toContain('journal_mode=wal');
});

it.each(['a#b', 'a?b', 'a%20b', '100%'])(
  'the server gets its file by name alone if the data folder has a character of URIs: %s',
  (name) => {
    const dataFolder = join('/d', name);
    const executable = { path: 't', cliVersion: '1', serverVersion: '1.29.1', source: 'path' as const };
    const line = serverArguments({ executable, dataFolder, port: 1, uiPort: 2, namespace: 'default', env: {} });
    expect(line[line.indexOf('--db-filename') + 1]).toBe('temporal-1.29.1.db');
    expect(databaseFile(dataFolder, '1.29.1')).toBe(join(dataFolder, 'temporal-1.29.1.db'));
  },
);

it('the commands for search attributes name each key with its type', () => {
  const commands = searchAttributeCommands('team');
  expect(commands).toHaveLength(9);
  expect(commands).toContain(
    'temporal operator search-attribute create --namespace team --name QschedBestScore --type Double',
  );
});

it('the server record is read back, ignored if broken, and removed only by the process id in it', () => {
  const record = {
    pid: 4,
    address: '127.0.0.1:1',
    uiUrl: 'http://127.0.0.1:2',
    namespace: 'default',
    startedBy: 3,
    startedAt: '2026-01-01T00:00:00.000Z',
    version: '1.29.1',
  };
  writeServerRecord(scratch, record);
  removeServerRecord(scratch, 5);
  expect(readServerRecord(scratch)).toEqual(record);
  removeServerRecord(scratch, 4);
  expect(readServerRecord(scratch)).toBeNull();
  writeFileSync(join(scratch, 'server.json'), '{"pid": ');
  expect(readServerRecord(scratch)).toBeNull();
});
