/**
 * `qsched doctor`: what this machine has, and what to do about what it lacks.
 */
import { availableParallelism } from 'node:os';
import { existsSync, statfsSync } from 'node:fs';
import { env as runtime, listSupportedBackends } from 'onnxruntime-node';
import { openStore } from '../../db/open-store.js';
import { listPrecisions } from '../../inference/models/model-folder.js';
import { findModel, listModels, modelRoots } from '../../inference/models/model-roots.js';
import { numericClass } from '../../inference/models/numeric-class.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { findExecutable } from '../../temporal/executable.js';
import { hasSearchAttributes, searchAttributeCommands } from '../../temporal/search-attributes.js';
import { databasePath } from '../host/host.js';
import { print, printJson, table, type GlobalOptions } from '../text/output.js';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly advice: string;
}

const MIN_BYTES = 500 * 1024 * 1024;

/** Checks everything once. @returns 0 where all is well, 1 where something must be fixed */
export async function doctorCommand(flags: GlobalOptions): Promise<number> {
  const findings: Finding[] = [];
  const check = async (name: string, advice: string, body: () => string | Promise<string>): Promise<void> => {
    try {
      findings.push({ check: name, ok: true, detail: await body(), advice: '' });
    } catch (error) {
      findings.push({
        check: name,
        ok: false,
        detail: messageOf(error),
        advice: error instanceof QschedError && error.hint !== '' ? error.hint : advice,
      });
    }
  };
  await check('node', 'Install Node 20.17 or newer.', () => `${process.version}, ${availableParallelism()} cores`);
  await check(
    'onnxruntime',
    'Run npm ci again.',
    () =>
      `${runtime.versions.node ?? ''}: ${listSupportedBackends()
        .map((backend) => backend.name)
        .join(', ')}; ${numericClass(1).instructions}`,
  );
  await check('data folder', 'Choose another with QSCHED_DATA.', () => {
    const folder = dataFolder();
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < MIN_BYTES) {
      throw new Error(`${folder} has only ${Math.round((bavail * bsize) / 1e6)} MB left`);
    }
    return `${folder}, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`;
  });
  await check('database', 'Move the file away, or fix its permissions.', () => {
    if (!existsSync(databasePath())) return 'none yet; the first search makes it';
    openStore(databasePath()).$client.close();
    return databasePath();
  });
  await check('models', `Put model folders under ${modelRoots().join(' or ')}.`, () => {
    const models = listModels();
    if (models.length === 0) throw new Error('none found');
    return models.map((model) => `${model} (${listPrecisions(findModel(model)).join(', ')})`).join('; ');
  });
  await check(
    'temporal binary',
    'Install the Temporal CLI, or Go 1.25 or newer; the first `npx qsched up` downloads or builds it.',
    async () => {
      const found = await findExecutable();
      if (found === null) throw new Error('none on PATH or in the cache');
      return found.path;
    },
  );
  await check('temporal server', 'Start one: npx qsched up', async () => {
    const { connection, nativeAddress, uiUrl } = await connectTemporal({ start: false, onProgress: () => undefined });
    try {
      const has = await hasSearchAttributes(connection, nativeAddress.namespace);
      return `${nativeAddress.address}${uiUrl ? `, UI ${uiUrl}` : ''}; search attributes ${has ? 'present' : `absent; add them with:\n    ${searchAttributeCommands(nativeAddress.namespace).join('\n    ')}`}`;
    } finally {
      await connection.close();
    }
  });
  const serious = findings.filter((finding) => !finding.ok && !finding.check.startsWith('temporal'));
  if (flags.json) printJson({ ok: serious.length === 0, findings });
  else {
    print(
      table(
        findings.map(({ check: name, ok, detail, advice }) => [
          ok ? 'ok' : '--',
          name,
          advice === '' ? detail : `${detail} ${advice}`,
        ]),
      ),
    );
  }
  return serious.length === 0 ? 0 : 1;
}
