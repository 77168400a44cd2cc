/**
 * The record of a gate's reference as an artefact: written at every look, read in place of the reference's images.
 */
import { hashOf } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { QschedError } from '../contract/errors.js';
import { decodeFloats, encodeFloats } from '../contract/float-text.js';
import { readBaseline, refuseOtherBaseline, type GateBaseline } from '../contract/gate-baseline.js';
import type { CheckBaselineRequest, LookRequest } from '../contract/gate-payloads.js';
import { scorersOf } from '../contract/objective-plan.js';
import type { JudgedObjective } from '../contract/prepared-network.js';

/** The values of the reference by score. @throws QschedError (failure) if the record is gone */
export function recordedScores(hash: string, artefacts: ArtefactStore): (name: string) => Float64Array {
  const { scores } = readRecord(hash, artefacts);
  return (name) => decodeFloats(scores[name]!.values);
}

/** @returns prompts that the record has. @throws QschedError (usage) for a record of something else; (failure) if it is gone */
export function checkBaseline(
  { baseline, about, prepared, scores }: CheckBaselineRequest,
  judgedBy: (name: string) => JudgedObjective,
  artefacts: ArtefactStore,
): number {
  const record = readRecord(baseline, artefacts);
  const formulas = Object.fromEntries(scores.map((name) => [name, formulaOf(judgedBy(name), prepared)]));
  refuseOtherBaseline(record, { ...about, formulas });
  return record.prompts;
}

/** Keeps the record of a reference. @returns its hash */
export function keepRecord(
  { about, prepared, prompts }: Pick<LookRequest, 'about' | 'prepared' | 'prompts'>,
  scores: readonly { readonly name: string; readonly judged: JudgedObjective; readonly values: Float64Array }[],
  artefacts: ArtefactStore,
): string {
  const record: GateBaseline = {
    format: 'qsched-gate-baseline/1',
    ...about,
    seeds: [...about.seeds],
    prompts,
    scores: Object.fromEntries(
      scores.map(({ name, judged, values }) => [
        name,
        { formula: formulaOf(judged, prepared), values: encodeFloats(values) },
      ]),
    ),
  };
  return artefacts.put(Buffer.from(JSON.stringify(record)));
}

/** What decides a score beside the image and its prompt. */
const formulaOf = ({ plan }: JudgedObjective, { scorers }: LookRequest['prepared']): string => {
  const used = scorersOf(plan);
  return hashOf({
    plan,
    scorers: scorers.filter(({ role }) => used.includes(role)).map(({ fingerprint }) => fingerprint),
  });
};

function readRecord(hash: string, artefacts: ArtefactStore): GateBaseline {
  const bytes = artefacts.get(hash);
  if (bytes !== undefined) return readBaseline(Buffer.from(bytes).toString('utf8'), 'The baseline');
  throw new QschedError(
    'failure',
    'The baseline is not in the artefact folder of this worker.',
    'Run the same command again. Workers on several machines need one artefact folder: set QSCHED_ARTEFACTS to a shared folder for each of them.',
  );
}
