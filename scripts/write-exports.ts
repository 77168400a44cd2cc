/**
 * Writes exports of many schedules in every target, for tools/golden/exports.py to sample with:
 *
 *   npx tsx scripts/write-exports.ts FOLDER
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QschedError } from '../contract/errors.js';
import { scaleFused, type CompleteSchedule } from '../contract/schedule-document.js';
import { scheduleId } from '../db/keys.js';
import { applyPtqd, type PtqdStep } from '../diffusion/ptqd.js';
import { requireFused } from '../diffusion/fused.js';
import { scheduleDocument } from '../diffusion/schedule-document.js';
import { createScheduler } from '../diffusion/scheduler.js';
import { exportedSchedule, type Exported } from '../exports/target.js';
import { EXPORT_TARGETS, type ExportTargetName } from '../exports/targets.js';
import { exportDocuments } from './write-export-documents.js';

/** Channels of the latents that are sampled. */
const CHANNELS = 2;
/** Targets whose files a Python program runs. */
export const PYTHON_TARGETS = [
  'diffusers',
  'diffusers-config',
  'comfyui',
] as const satisfies readonly ExportTargetName[];

/** A schedule by a name. */
export interface ExportCase {
  readonly name: string;
  /** Whether its model packs latents in patches of 2 x 2. */
  readonly packed: boolean;
  readonly document: CompleteSchedule;
}

const isFlow = ({ scheduler }: CompleteSchedule): boolean => scheduler.type.startsWith('flow');

/** The document with other coefficients. */
const withCoefficients = (document: CompleteSchedule, sample: number[], noise: number[]): CompleteSchedule => ({
  ...document,
  coefficients: { sample, noise },
  fused: scaleFused(document.identity!, { sample, noise }),
});
const ones = (length: number): number[] => Array.from({ length }, () => 1);

/** The same schedule without coefficients and correction. */
function withoutCoefficients(document: CompleteSchedule): CompleteSchedule {
  const { ptqd: _, ...rest } = document;
  const { steps } = document.scheduler;
  return withCoefficients({ ...rest, kind: 'identity' }, ones(steps), ones(steps));
}

/** A flow-matching schedule with offsets per channel. */
function corrected(document: CompleteSchedule): CompleteSchedule {
  const ptqd: PtqdStep[] = document.timesteps.map((_, i) => ({
    method: 'std',
    gamma: 0.01 * (i + 1),
    mu: [0.02 * (i + 1), -0.03],
    variance: 0.001,
  }));
  const identity = requireFused(document.identity!, 'it is corrected');
  const fused = scaleFused(applyPtqd(identity, ptqd), document.coefficients);
  return { ...document, kind: 'ptqd', ptqd, fused };
}

/** Explicit levels, shifted by a config that cannot be used as it is. */
function shifted(): CompleteSchedule {
  const config = { _class_name: 'FlowMatchEulerDiscreteScheduler', use_dynamic_shifting: true };
  const scheduler = createScheduler(config);
  const sigmas = [1, 0.7, 0.4, 0.2];
  scheduler.setTimesteps(4, { sigmas, mu: 1.15 });
  const chosen = { type: 'flow-match-euler', steps: 4, eta: 0, sigmas, mu: 1.15, config } as const;
  return scheduleDocument(scheduler, { kind: 'identity', scheduler: { ...chosen, sigmas: [...sigmas] } });
}

/** Every schedule that is exported and sampled. */
export function exportCases(): ExportCase[] {
  const documents = exportDocuments();
  const nameOf = ({ scheduler: { type, steps, eta }, kind }: CompleteSchedule): string =>
    `${type}-${steps}-eta${eta}-${kind}`;
  const one = (name: string, document: CompleteSchedule, packed = isFlow(document)): ExportCase => ({
    name,
    packed,
    document,
  });
  const find = (type: string): CompleteSchedule => documents.find(({ scheduler }) => scheduler.type === type)!;
  const [flow, euler] = [find('flow-match-euler'), find('euler')];
  return [
    ...documents.map((document) => one(nameOf(document), document)),
    ...documents
      .filter(({ kind }) => kind !== 'ptqd')
      .map((document) => withoutCoefficients(document))
      .map((document) => one(nameOf(document), document)),
    one('flow-unpacked', flow, false),
    one('flow-ptqd', corrected(flow)),
    one(
      'flow-uniform',
      withCoefficients(
        flow,
        ones(4),
        Array.from({ length: 4 }, () => 1000 / 950),
      ),
    ),
    one('flow-shifted', shifted()),
    one(
      'euler-uniform',
      withCoefficients(
        euler,
        ones(4),
        Array.from({ length: 4 }, () => 1.03),
      ),
    ),
    one('euler-last', withCoefficients(euler, ones(4), [1, 1, 1, 0.9])),
  ];
}

/** What a target makes of a case, or the sentence with which it refuses. */
export function exportOf({ document, packed }: ExportCase, target: ExportTargetName): Exported | string {
  const { kind } = document;
  const provenance = { qsched: '0.1.0', schedule: scheduleId(document.fused), kind, searchId: 'golden' };
  try {
    const schedule = exportedSchedule({ ...document, provenance });
    return EXPORT_TARGETS[target].write(schedule, { layout: packed ? 'packed' : 'channels' });
  } catch (error) {
    if (error instanceof QschedError) return error.message;
    throw error;
  }
}

/** SHA-256 of the files of an export, by name. */
export const hashesOf = ({ files }: Exported): Record<string, string> =>
  Object.fromEntries(files.map(({ name, content }) => [name, createHash('sha256').update(content).digest('hex')]));

function writeAll(folder: string): void {
  const cases = exportCases().map((one) => {
    const targets = PYTHON_TARGETS.filter((target) => {
      const made = exportOf(one, target);
      if (typeof made === 'string') return false;
      for (const { name, content } of made.files) {
        const path = join(folder, one.name, target, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, content);
      }
      return true;
    });
    const { scheduler } = one.document;
    return { name: one.name, packed: one.packed, scheduler, targets };
  });
  writeFileSync(join(folder, 'cases.json'), JSON.stringify({ channels: CHANNELS, cases }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('npx tsx scripts/write-exports.ts FOLDER');
  mkdirSync(folder, { recursive: true });
  writeAll(folder);
}
