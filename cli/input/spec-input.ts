/**
 * A SearchSpec from flags and a YAML file. Flags override the file, and the file overrides the defaults.
 */
import { dirname } from 'node:path';
import type { SearchSpec } from '../../contract/search-spec.js';
import { parseSearchSpec, readSearchSpec } from '../../contract/validate.js';
import { listModels } from '../../inference/models/model-roots.js';
import { settleSearchHere } from '../../planning/settle.js';
import { setFields, type Given } from './flag.js';
import { placesOf, type Places } from './flag-places.js';
import { SEARCH_SPEC } from './flags.js';
import { setPrompts } from './prompt-input.js';
import { plainModel } from './model-path.js';
import { setRacing } from './racing-input.js';
import { readYaml } from './read-yaml.js';
import { wholeSearchId } from './whole-ids.js';
import type { Tree } from './values.js';

/** Values of --prior that are no ids. */
const OWN_PRIORS: readonly string[] = ['auto', 'none', ''];

/** Flags of `search` that change the spec; other commands have some of them. */
export type SpecFlags = Given<typeof SEARCH_SPEC>;

/** A spec, and how messages name its fields. */
export interface SpecInput {
  /** Complete; what was left out has the defaults of the model, or of the bundled one if the model is not here. */
  readonly spec: SearchSpec;
  /** What the workflow gets: the same, or only what was written if the model is not here, so that a worker completes it. */
  readonly input: unknown;
  readonly places: Places;
}

/** Reads, merges and validates. @throws QschedError (usage) with the flag, or with the file, its line and the field */
export function readSpec(path: string | undefined, given: SpecFlags): SpecInput {
  const file = path === undefined ? null : readYaml(path);
  const tree = file?.data ?? {};
  const places = placesOf(SEARCH_SPEC, given, file);
  nameModel(tree, path);
  setFields(tree, SEARCH_SPEC, given);
  if (given.prior !== undefined && !OWN_PRIORS.includes(given.prior)) tree['prior'] = wholeSearchId(given.prior);
  setRacing(tree, given);
  setPrompts(tree, 'prompts', ['--prompts', given.prompts], ['--count', given.count]);
  setPrompts(tree, 'select', ['--select-prompts', given.selectPrompts], ['--select-count', given.selectCount]);
  setPrompts(tree, 'confirm', ['--confirm-prompts', given.confirmPrompts], ['--confirm-count', given.confirmCount]);
  const written = places.named(() => readSearchSpec(tree, places.of));
  if (!listModels().includes(written.model)) {
    return { spec: places.named(() => parseSearchSpec(tree, places.of)), input: tree, places };
  }
  const spec = places.named(() => settleSearchHere(tree, places.of));
  return { spec, input: spec, places };
}

/** A spec file may name its model by the path of the folder, from the file's own folder. */
export function nameModel(tree: Tree, file: string | undefined): void {
  const { model } = tree;
  if (typeof model === 'string' && file !== undefined) tree['model'] = plainModel(model, dirname(file));
}
