/**
 * What a report says of a gate. It only reads.
 */
import type { GateResult, GateScore } from '../../contract/gate-result.js';
import type { GateSpec } from '../../contract/gate-spec.js';
import { readGate } from '../../contract/validate-gate.js';
import type { StoredRun } from '../../db/runs.js';
import type { GateDocument } from '../documents/gate-document.js';
import { scoreFormula } from '../text/objective-text.js';
import { imageSources, type ImagePlace } from './image-sources.js';
import { minimalSpec } from './minimal-spec.js';
import { specFileCommand } from './repeat-command.js';
import type { Tree } from './tree.js';

/** @param run a run of the kind `gate` */
export function gateDocument(run: StoredRun, place: ImagePlace): GateDocument {
  const result = run.result as GateResult | null;
  return {
    kind: 'gate',
    id: run.id,
    name: run.name,
    status: run.status as GateDocument['status'],
    message: run.message,
    verdict: result?.verdict ?? null,
    reason: result?.reason ?? '',
    scores: result?.scores.map(scoreRow) ?? [],
    ...worstOf(result, place),
    notes: result === null ? [] : notesOf(run, result),
    provenance: provenanceOf(run, result),
    command: commandOf(run.spec as GateSpec),
  };
}

function scoreRow(score: GateScore): GateDocument['scores'][number] {
  const { name, kind, better, reference, candidate, estimate: value, low, high, margin, state } = score;
  const limit = kind === 'pointwise' ? -margin : margin;
  const estimate = { value, low, high };
  const above = (one: number | null): number | null => (one === null ? null : one - limit);
  const below = (one: number | null): number | null => (one === null ? null : limit - one);
  const distance =
    better === 'higher'
      ? { value: value - limit, low: above(low), high: above(high) }
      : { value: limit - value, low: below(high), high: below(low) };
  return { name, kind, better, reference, candidate, estimate, limit, distance, state };
}

function worstOf(result: GateResult | null, place: ImagePlace): Pick<GateDocument, 'worst' | 'imageNote'> {
  const worst = result?.worst ?? [];
  const { sources, note } = imageSources(
    worst.flatMap(({ reference, candidate }) => [reference, candidate]),
    place,
  );
  return {
    worst: worst.map(({ score, prompt, text, seed, value }, i) => ({
      score,
      prompt: text === '' ? `prompt ${prompt + 1}` : text,
      seed,
      value,
      reference: sources[2 * i]!,
      candidate: sources[2 * i + 1]!,
    })),
    imageNote: note,
  };
}

function notesOf({ status }: StoredRun, { prompts, looks, alpha, power, scores, warnings }: GateResult): string[] {
  const { count, set, seeds } = prompts;
  const spread = scores.flatMap(({ name, spread: one }) => (one === null ? [] : [`${name} ${one.toPrecision(3)}`]));
  return [
    ...(status === 'finished' ? [] : [`This is the previous verdict; the gate is ${status} now.`]),
    `${count} prompts${set === null ? '' : ` of ${set}`}, seeds ${seeds.join(', ')}, ${looks.length === 1 ? 'one look' : `${looks.length} looks`}.`,
    `Bounds are one-sided at ${100 * (1 - alpha)} %, clustered by prompt, the looks accounted for; planned for a power of ${100 * power} %.`,
    ...(spread.length === 0 ? [] : [`Standard deviation of the reference between seeds: ${spread.join(', ')}.`]),
    ...warnings,
  ];
}

function provenanceOf(run: StoredRun, result: GateResult | null): GateDocument['provenance'] {
  return [
    ...(result === null
      ? []
      : [
          { name: 'reference', value: result.reference.name },
          { name: 'sha256 of the reference', value: result.reference.key },
          { name: 'candidate', value: result.candidate.name },
          { name: 'sha256 of the candidate', value: result.candidate.key },
          { name: 'objective', value: `${result.objective.type}: ${scoreFormula(result.objective)}` },
          { name: 'sha256 of the prompts', value: result.prompts.sha256 },
          { name: 'images', value: `${result.generated} generated, ${result.reused} reused` },
          { name: 'seconds', value: result.seconds.toFixed(1) },
        ]),
    { name: 'id', value: run.id },
    { name: 'started', value: run.createdAt },
    { name: 'last change', value: run.updatedAt },
  ];
}

/** Fields whose defaults depend on the model. */
const OF_MODEL = ['reference', 'candidate', 'objective.scorer', 'prompts.set', 'scores'];

/** A spec file as a here-document, and the command that reads it. */
function commandOf(spec: GateSpec): string {
  const full = { ...spec, waitForWorker: 600, retryFailed: false } as Tree;
  return specFileCommand(
    'gate',
    minimalSpec(full, (written) => readGate(written).spec, OF_MODEL),
  );
}
