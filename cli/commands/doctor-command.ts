/**
 * `qsched doctor`: checks this machine's setup, and says how to fix problems.
 */
import { availableParallelism } from 'node:os';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { env as runtime, listSupportedBackends } from 'onnxruntime-node';
import { artefactUsage } from '../../artefacts/usage.js';
import { openStore } from '../../db/open-store.js';
import { inspectModels } from '../../inference/model-listing.js';
import { modelRoots } from '../../inference/models/model-roots.js';
import { cpuInstructions } from '../../inference/models/numeric-class.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { artefactFolder, dataFolder } from '../../temporal/data-folder.js';
import { findExecutable } from '../../temporal/executable.js';
import { hasSearchAttributes, searchAttributeCommands } from '../../temporal/search-attributes.js';
import { databasePath } from '../host/database.js';
import { flagName, type Given } from '../input/flag.js';
import { DOCTOR } from '../input/flags.js';
import { formatBytes } from '../text/bytes.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';
import { doctorMemory } from './doctor-memory.js';
import { doctorWorkflow } from './doctor-workflow.js';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly advice: string;
}

/** A check: its name, what to do if it fails, and what it finds. */
type Check = readonly [name: string, advice: string, find: () => string | Promise<string>];

const MIN_FREE_BYTES = 500e6;

const CHECKS: readonly Check[] = [
  ['node', 'Install Node 20.17 or newer.', () => `${process.version}, ${availableParallelism()} cores`],
  ['onnxruntime', 'Run npm ci again.', runtimeDetail],
  ['data folder', 'Choose another one with QSCHED_DATA.', folderDetail],
  ['database', 'Move the file away, or fix its permissions.', databaseDetail],
  ['artefacts', 'Check the permissions of the folder.', artefactsDetail],
  ['models', `Put model folders under ${modelRoots().join(' or ')}.`, modelsDetail],
  [
    'temporal binary',
    'Install the Temporal CLI, or Go 1.25 or newer; the first `npx qsched up` downloads or builds it.',
    binaryDetail,
  ],
  ['temporal server', 'Start one: npx qsched up', serverDetail],
];

/** Checks everything once, or plans the memory of a model. @returns 0 if all is well, 1 if something must be fixed */
export async function doctorCommand(flags: Given<typeof DOCTOR> & GlobalOptions): Promise<number> {
  if (flags.workflow !== undefined) return doctorWorkflow(flags.workflow, flags);
  if (flags.model !== undefined) return doctorMemory(flags.model, flags, flags.json);
  const [other] = Object.keys(DOCTOR).filter((key) => key in flags);
  if (other !== undefined) {
    throw new QschedError('usage', `${flagName(other)} needs --model.`, 'npx qsched doctor --model shapes');
  }
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await run(check));
  const serious = findings.filter(({ ok, check }) => !ok && !check.startsWith('temporal'));
  if (flags.json) printJson({ ok: serious.length === 0, findings });
  else {
    print(
      textTable(
        findings.map(({ check, ok, detail, advice }) => [ok ? 'ok' : '--', check, `${detail} ${advice}`.trim()]),
      ),
    );
  }
  return serious.length === 0 ? 0 : 1;
}

async function run([check, advice, find]: Check): Promise<Finding> {
  try {
    return { check, ok: true, detail: await find(), advice: '' };
  } catch (error) {
    const hint = error instanceof QschedError && error.hint !== '' ? error.hint : advice;
    return { check, ok: false, detail: messageOf(error), advice: hint };
  }
}

function runtimeDetail(): string {
  const backends = listSupportedBackends().map(({ name }) => name);
  return `${runtime.versions.node ?? ''}: ${backends.join(', ')}; ${cpuInstructions()}`;
}

function folderDetail(): string {
  const folder = dataFolder();
  const { bavail, bsize } = statfsSync(folder);
  const free = formatBytes(bavail * bsize);
  if (bavail * bsize < MIN_FREE_BYTES) throw new Error(`${folder} has only ${free} left`);
  return `${folder}, ${free} free`;
}

function databaseDetail(): string {
  const path = databasePath();
  if (!existsSync(path)) return 'none yet; the first search creates it';
  openStore(path).$client.close();
  // Recent changes are in the write-ahead log.
  const bytes = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return `${path}, ${formatBytes(bytes.reduce((sum, size) => sum + size, 0))}`;
}

function artefactsDetail(): string {
  const folder = artefactFolder();
  const { count, bytes, kinds } = artefactUsage(folder);
  const size = `${folder}, ${count} files (${kinds.images.count} images), ${formatBytes(bytes)}`;
  return count === 0 ? size : `${size}; to remove old ones: npx qsched clean --max-bytes 10GB`;
}

function modelsDetail(): string {
  const models = inspectModels().map(({ listed }) => listed);
  if (models.length === 0) throw new Error('no models found');
  return models
    .map(({ name, family, precisions, bytes, missing }) =>
      bytes > 0 ? `${name} (${family}: ${precisions.join(', ')})` : `${name} cannot be used: ${missing[0]!.what}`,
    )
    .join('; ');
}

async function binaryDetail(): Promise<string> {
  const found = await findExecutable();
  if (found === null) throw new Error('not found on PATH or in the cache');
  return found.path;
}

async function serverDetail(): Promise<string> {
  const { connection, nativeAddress, uiUrl } = await connectTemporal({ start: false, onProgress: () => undefined });
  try {
    const { address, namespace } = nativeAddress;
    const has = await hasSearchAttributes(connection, namespace);
    const commands = `absent; add them with:\n    ${searchAttributeCommands(namespace).join('\n    ')}`;
    return `${address}${uiUrl ? `, UI ${uiUrl}` : ''}; search attributes ${has ? 'present' : commands}`;
  } finally {
    await connection.close();
  }
}
