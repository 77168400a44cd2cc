/**
 * A GateSpec from flags and a YAML file. Flags override the file, and the file overrides the defaults.
 */
import { dirname, resolve } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { evaluationInput, withEvaluation, type SettledGate } from '../../contract/gate-evaluation.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { readGate } from '../../contract/validate-gate.js';
import { listModels } from '../../inference/models/model-roots.js';
import { settleGateHere } from '../../planning/settle.js';
import { flagName, setFields, type Given } from './flag.js';
import { placesOf, type Places } from './flag-places.js';
import { GATE_SIDES, GATE_SPEC } from './flags.js';
import { plainModel } from './model-path.js';
import { setPrompts } from './prompt-input.js';
import { readYaml } from './read-yaml.js';
import { nameModel } from './spec-input.js';
import { isGroup, type Tree } from './values.js';
import { wholeReference } from './whole-ids.js';

const FLAGS = { ...GATE_SIDES, ...GATE_SPEC };

/** Flags of `gate` that change the spec. */
export type GateFlags = Given<typeof FLAGS>;

/** What was asked for, and how messages name the fields. */
export interface GateInput extends SettledGate {
  /** What the workflow gets: the same, or only what was written if a model is not here, so that a worker completes it. */
  readonly input: unknown;
  readonly places: Places;
}

/**
 * Reads, merges and validates.
 *
 * @param baseline artefact with the record of the reference
 * @throws QschedError (usage) with the flag, or with the file, its line and the field
 */
export function readGateSpec(path: string | undefined, given: GateFlags, baseline?: string): GateInput {
  const file = path === undefined ? null : readYaml(path);
  const ofSides = Object.keys(GATE_SIDES).find((key) => given[key as keyof GateFlags] !== undefined);
  if (file !== null && ofSides !== undefined) {
    const flag = flagName(ofSides);
    throw new QschedError(
      'usage',
      `${flag} describes a side, but ${path} contains both sides already.`,
      `Remove ${flag}, or the file.`,
    );
  }
  const places = placesOf(FLAGS, given, file);
  const tree = file === null ? sidesOf(given) : file.data;
  for (const side of ['reference', 'candidate']) nameSide(tree[side], path);
  setFields(tree, GATE_SPEC, given);
  if (baseline !== undefined) tree['baseline'] = baseline;
  setPrompts(tree, 'prompts', ['--prompts', given.prompts], ['--count', given.count]);
  const { spec, evaluation } = places.named(() => readGate(tree, places.of));
  if (evaluation.rows.every(({ model }) => listModels().includes(model))) {
    const settled = places.named(() => settleGateHere(tree, places.of));
    return { ...settled, input: settled.spec, places };
  }
  const parsed = places.named(() => parseEvaluateSpec(evaluationInput(tree), places.of));
  return { ...withEvaluation(spec, parsed), input: tree, places };
}

/** Models and folders of a file go from the file's own folder. */
function nameSide(side: unknown, file: string | undefined): void {
  if (!isGroup(side)) return;
  nameModel(side, file);
  const base = file === undefined ? process.cwd() : dirname(file);
  for (const key of ['images', 'spread']) {
    if (typeof side[key] === 'string') side[key] = resolve(base, side[key]);
  }
}

/** Whether a text is the path of a folder: a precision has neither slashes nor a dot at its start. */
const isPath = (text: string): boolean => /[/\\]|^\.{1,2}$|^~/.test(text);

function sidesOf(given: GateFlags): Tree {
  const { model, reference = 'fp32', candidate, candidateModel, schedule, spreadImages } = given;
  const folders = isPath(reference) || isPath(candidate ?? '');
  if (model === undefined && !folders) {
    throw new QschedError(
      'usage',
      'A gate needs a model, two folders of images, or a file.',
      'For example: npx qsched gate --model shapes --reference fp32 --candidate w4a8',
    );
  }
  const both: Tree = {};
  setFields(both, GATE_SIDES, given);
  const side = (text: string | undefined): Tree =>
    text === undefined ? {} : isPath(text) ? { images: text } : { precision: text };
  return {
    reference: {
      ...structuredClone(both),
      ...side(reference),
      ...(spreadImages === undefined ? {} : { spread: spreadImages }),
    },
    candidate: {
      ...both,
      ...side(candidate),
      ...(candidateModel === undefined ? {} : { model: plainModel(candidateModel) }),
      ...(schedule === undefined ? {} : { schedule: wholeReference(schedule) }),
    },
  };
}
