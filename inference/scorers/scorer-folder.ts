/**
 * A scorer on disk: a folder under the model roots, of the kind named in its scorer.json.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { externalFiles } from '../models/external-files.js';
import { hashFiles } from '../models/file-hashes.js';
import { readJson } from '../models/folder-files.js';
import type { ModelFolder } from '../models/model-folder.js';
import { findFolder, modelRoots } from '../models/model-roots.js';
import { hasHalves } from '../models/network-file.js';
import { readGraph } from '../models/onnx-graph.js';
import { SCORER_KINDS } from './kinds.js';
import type { ScorerFolder, ScorerKind, ScorerKindName } from './scorer-kind.js';

const MANIFEST = 'scorer.json';
/** A folder with one of these is a scorer. */
const SCORER_MARKERS = ['vision_model.onnx', MANIFEST];

/** Whether a folder is meant as a scorer. */
export const isScorer = (folder: string): boolean => SCORER_MARKERS.some((marker) => existsSync(join(folder, marker)));

/** In place of a model that gives roles: a scorer is then found by its folder's name. */
export const NO_ROLES: Pick<ModelFolder, 'scorers'> = { scorers: {} };

/**
 * Finds a scorer by its role in the model's qsched.json, or by its folder's name.
 *
 * @throws QschedError (usage): unknown scorer or kind, a folder that lacks a file, or an ONNX file that cannot be read
 */
export function openScorerFolder(
  role: string,
  model: Pick<ModelFolder, 'scorers'>,
  roots?: readonly string[],
): ScorerFolder {
  const name = model.scorers[role] ?? role;
  const folder = findScorer(name, roots);
  const manifest = existsSync(join(folder, MANIFEST)) ? (readJson(folder, MANIFEST) as Record<string, unknown>) : {};
  const kind = kindOf(manifest, folder);
  const definition = SCORER_KINDS[kind];
  const required = [...definition.files, ...(definition.moreFiles?.(manifest, folder) ?? [])];
  for (const file of required) {
    if (!existsSync(join(folder, file))) {
      throw new QschedError('usage', `The scorer folder ${folder} lacks ${file}.`, `Make it again: ${definition.make}`);
    }
  }
  const own = existsSync(join(folder, MANIFEST)) ? [MANIFEST] : [];
  const data = required.map((file) => `${file}_data`).filter((file) => existsSync(join(folder, file)));
  const files = [...own, ...required, ...data];
  return {
    role,
    name,
    folder,
    kind,
    manifest,
    names: definition.check(manifest, folder),
    files: [...files, ...externalFiles(folder, files)],
    networks: definition.networks?.(manifest, folder) ?? [],
  };
}

function findScorer(name: string, roots?: readonly string[]): string {
  try {
    return findFolder(name, { kind: 'scorer', isOne: isScorer, markers: SCORER_MARKERS }, roots);
  } catch (error) {
    const known = isKind(name) ? SCORER_KINDS[name] : undefined;
    if (known === undefined || (roots ?? modelRoots()).some((root) => existsSync(join(root, name)))) throw error;
    throw new QschedError(
      'usage',
      `The score "${name}" is not installed: it needs a folder "${name}" with ` +
        `${[MANIFEST, ...known.files].join(', ')} under ${(roots ?? modelRoots()).join(' or ')}.`,
      `Make it: ${known.make}`,
    );
  }
}

function kindOf(manifest: Readonly<Record<string, unknown>>, folder: string): ScorerKindName {
  const kind = manifest['kind'] ?? 'clip';
  if (!isKind(kind)) {
    throw new QschedError(
      'usage',
      `${join(folder, MANIFEST)}: kind is ${JSON.stringify(kind)}.`,
      suggestion(typeof kind === 'string' ? kind : '', Object.keys(SCORER_KINDS)),
    );
  }
  return kind;
}

const isKind = (kind: unknown): kind is ScorerKindName => typeof kind === 'string' && Object.hasOwn(SCORER_KINDS, kind);

/** The kind of a folder. */
export const scorerKind = ({ kind }: ScorerFolder): ScorerKind => SCORER_KINDS[kind];

/**
 * What identifies a scorer in every key: name, version of its formula, all files, and what its kind adds. Only if they
 * apply: `preprocessing` for networks whose halves are converted, and `batch: 1` for networks whose rows depend on each
 * other, which get one row per call.
 */
export async function scorerFingerprint(scorer: ScorerFolder): Promise<Readonly<Record<string, unknown>>> {
  const { version, identify } = scorerKind(scorer);
  const graphs = scorer.networks.map(({ file }) => readGraph(join(scorer.folder, file)));
  return {
    name: scorer.name,
    version,
    files: await hashFiles(scorer.folder, scorer.files),
    ...(graphs.some(hasHalves) ? { preprocessing: { float16: 1 } } : {}),
    ...(graphs.some(({ rowsDepend }) => rowsDepend) ? { batch: 1 } : {}),
    ...(identify === undefined ? {} : await identify(scorer)),
  };
}

/** Whether the nouns of a prompt decide its scores. */
export const usesNouns = (scorer: ScorerFolder): boolean => scorerKind(scorer).usesNouns === true;
