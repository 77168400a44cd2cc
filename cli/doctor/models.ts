/**
 * Checks of the models: what each is, that small ones open, and that bundled files are those that were shipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../contract/errors.js';
import { inspectModels, type InspectedModel } from '../../inference/model-listing.js';
import { hashFiles } from '../../inference/models/file-hashes.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { modelRoots } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { describedServer, isServed, serverPlace } from '../../inference/served/served-folder.js';
import { connectServer } from '../../inference/served/server-client.js';
import type { Check } from './finding.js';

/** A model with more bytes in all its files is not opened: that may take minutes. */
const MAX_OPENED_BYTES = 256e6;
/** A server that is there describes itself at once. */
const ANSWER_SECONDS = 5;

/** @throws Error if a model cannot be opened, or a bundled file differs */
async function modelsDetail(): Promise<string> {
  const models = inspectModels();
  if (models.length === 0) throw new Error('no models found');
  const texts: string[] = [];
  for (const model of models) texts.push(await modelDetail(model));
  return texts.join('; ');
}

async function modelDetail(model: InspectedModel): Promise<string> {
  const { name, family, precisions, bytes, missing } = model.listed;
  if (bytes === 0) return `${name} cannot be used: ${missing[0]!.what}`;
  await refuseChanged(model);
  const about = `${name} (${family}: ${precisions.join(', ')})`;
  const { path } = model.listed;
  if (isServed(path)) return `${about}, ${await serverDetail(path)}`;
  if (bytes > MAX_OPENED_BYTES) return `${about}, not opened: it is large`;
  for (const precision of precisions) {
    try {
      const pipeline = await openPipeline(openModelFolder(name, precision), { threads: 1 });
      await pipeline.release();
    } catch (error) {
      throw new Error(`${name} ${precision} cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  }
  return about;
}

/** Where a model's server is; none is started for a look. */
async function serverDetail(folder: string): Promise<string> {
  const { address, command } = serverPlace(folder);
  if (address === undefined) return `behind a server that its folder starts: ${command!.join(' ')}`;
  const client = connectServer({ model: basename(folder), address, timeoutSeconds: ANSWER_SECONDS, retries: 0 });
  try {
    const { identity } = await client.describe();
    const isSame = identity === describedServer(folder).identity;
    return `behind a server at ${address}${isSame ? '' : `, which is not the one that was described: npx qsched describe ${basename(folder)}`}`;
  } catch {
    return `behind a server at ${address}, which does not answer now`;
  } finally {
    client.close();
  }
}

/** @throws Error for a file that differs from what the manifest of its model root says */
export async function refuseChanged({ listed: { path }, files }: InspectedModel): Promise<void> {
  const manifest = join(dirname(path), 'manifest.json');
  if (!existsSync(manifest)) return;
  const shipped = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, { readonly sha256: string }>;
  const hashes = await hashFiles(path, files);
  for (const file of files) {
    const known = shipped[`models/${basename(path)}/${file.replaceAll('\\', '/')}`];
    if (known !== undefined && hashes[file] !== known.sha256) {
      throw new Error(`${join(path, file)} is not the file that was shipped`);
    }
  }
}

export const MODEL_CHECKS: readonly Check[] = [
  {
    name: 'models',
    advice: `Put model folders under ${modelRoots().join(' or ')}; if a bundled file differs, install qsched again.`,
    find: modelsDetail,
  },
];
