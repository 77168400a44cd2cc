/**
 * `qsched models`: model folders, what they are, and what they lack.
 */
import { hashModel, inspectModels, type InspectedModel, type ListedModel } from '../../inference/model-listing.js';
import type { Given } from '../input/flag.js';
import type { MODELS } from '../input/flags.js';
import { formatBytes } from '../text/bytes.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';

/** Hashing more than this takes seconds, and is announced. */
const MANY_BYTES = 1e9;

/**
 * Lists the models of a folder, by default of the model roots. With --json, the files are hashed too.
 *
 * @returns the exit code
 */
export async function modelsCommand(
  folder: string | undefined,
  { json, quick }: Given<typeof MODELS> & GlobalOptions,
): Promise<number> {
  const models = inspectModels(folder);
  if (json) {
    const listed: object[] = [];
    for (const model of models) listed.push(await withHash(model, quick === true));
    printJson({ models: listed });
    return 0;
  }
  const heads = ['model', 'family', 'scheduler', 'steps', 'precisions', 'size'];
  print(textTable([heads, ...models.map(({ listed }) => cells(listed))]));
  for (const { listed } of models) {
    for (const { what, make } of listed.missing) print(`\n${listed.name}: ${what}\n  ${make}`);
  }
  return 0;
}

async function withHash(model: InspectedModel, quick: boolean): Promise<object> {
  const { missing, ...about } = model.listed;
  if (!quick && about.bytes > MANY_BYTES) say(`hashing ${about.name}: ${formatBytes(about.bytes)}`);
  return { ...about, sha256: quick ? null : await hashModel(model), missing };
}

const cells = ({ name, family, scheduler, steps, precisions, bytes }: ListedModel): string[] => [
  name,
  family ?? '-',
  scheduler ?? '-',
  String(steps ?? '-'),
  precisions.join(', ') || '-',
  formatBytes(bytes),
];
