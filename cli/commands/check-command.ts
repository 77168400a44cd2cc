/**
 * `qsched check`: whether a model on disk is the one that an exported schedule was made for.
 */
import { readFileSync, statSync } from 'node:fs';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { Provenance } from '../../contract/provenance.js';
import { compareFiles, type FileComparison } from '../../exports/compare-files.js';
import { readProvenance } from '../../exports/read-provenance.js';
import { hashFiles } from '../../inference/models/file-hashes.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { findModel } from '../../inference/models/model-roots.js';
import { DESCRIBED_FILE } from '../../inference/served/served-folder.js';
import { signed, signedInterval } from '../../report/text/numbers.js';
import type { Given } from '../input/flag.js';
import type { CHECK } from '../input/flags.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

/** An export is far smaller; weights are far larger. */
const MAX_BYTES = 8 * 1024 * 1024;

/** One precision of the model against the schedule's files. */
interface Checked extends FileComparison {
  readonly precision: string;
}

/** Compares and tells. @returns 0 for a match, else 1 @throws QschedError (usage) */
export async function checkCommand(path: string, flags: Given<typeof CHECK> & GlobalOptions): Promise<number> {
  const provenance = readProvenance(readSmall(path), path);
  const model = flags.model ?? provenance.model;
  if (provenance.files === undefined || model === undefined) {
    throw new QschedError(
      'usage',
      `${path} was made from a schedule alone: it does not say with which files of ${provenance.model ?? 'a model'} it was scored.`,
      'Export the search itself: npx qsched export SEARCH.',
    );
  }
  const checked = await checkModel(model, provenance.files, provenance.precision, flags.precision);
  if (flags.json) printJson({ model, ...checked, provenance });
  else print([...told(model, checked, provenance), ...about(provenance)].join('\n'));
  return checked.answer === 'match' ? 0 : 1;
}

function readSmall(path: string): Uint8Array {
  try {
    if (statSync(path).size > MAX_BYTES) {
      throw new Error('it is larger than any export');
    }
    return readFileSync(path);
  } catch (error) {
    throw new QschedError(
      'usage',
      `${path} cannot be read: ${messageOf(error)}`,
      'Use the path of a file that `npx qsched export` wrote.',
    );
  }
}

/** The precision that fits best: a match, else the one that was asked for, or the schedule's own, or the first. */
async function checkModel(
  model: string,
  expected: NonNullable<Provenance['files']>,
  own: string | undefined,
  asked: string | undefined,
): Promise<Checked> {
  const here = listPrecisions(findModel(model));
  const first = asked ?? (own !== undefined && here.includes(own) ? own : undefined);
  const order = asked === undefined ? [...new Set([...(first === undefined ? [] : [first]), ...here])] : [asked];
  let nearest: Checked | undefined;
  for (const precision of order) {
    const { folder, files, served } = openModelFolder(model, precision);
    const compared = compareFiles(expected, await hashFiles(folder, files));
    const one = { ...compared, precision, answer: answerOf(compared, precision === own, served !== undefined) };
    if (one.answer === 'match') return one;
    nearest ??= one;
  }
  return nearest!;
}

function answerOf({ answer }: FileComparison, isOwn: boolean, isServed: boolean): FileComparison['answer'] {
  // A server describes all precisions in one file.
  if (isServed && answer === 'match' && !isOwn) return 'precision';
  // A denoiser of the schedule's own precision that differs was quantised again.
  return answer === 'precision' && isOwn ? 'other' : answer;
}

function told(model: string, checked: Checked, { model: named, precision: own }: Provenance): string[] {
  const { answer, precision, same, changed, missing, added } = checked;
  const made = `${named ?? 'a model'} ${own ?? ''}`.trim();
  if (answer === 'match') return [`match: ${model} ${precision} is what the schedule was made for (${made})`];
  const what =
    answer === 'precision'
      ? `other precision: ${model} ${precision} is the same model, but the schedule was made for ${own ?? 'another precision'}`
      : `other files: ${model} ${precision} is not what the schedule was made for (${made})`;
  const lists = [
    ['changed', changed],
    ['missing', missing],
    ['added', added],
  ] as const;
  return [
    what,
    `  the same: ${same.length} of ${same.length + changed.length + missing.length} files`,
    ...lists.flatMap(([name, files]) => (files.length === 0 ? [] : [`  ${name}: ${files.join(', ')}`])),
    ...(changed.includes(DESCRIBED_FILE) ? [`  its server has other weights, versions, device or rows per call`] : []),
  ];
}

function about({ searchId, which, verdict, qsched }: Provenance): string[] {
  const by = searchId === undefined ? '' : ` from the search ${searchId}${which === undefined ? '' : ` (${which})`}`;
  return [
    `  exported${by} by qsched ${qsched}`,
    ...(verdict === undefined
      ? []
      : [
          `  verdict: ${verdict.recommend}, gain ${signed(verdict.gain)} ${signedInterval(verdict)} on ${verdict.prompts} held-out prompts`,
        ]),
  ];
}
