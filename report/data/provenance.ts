/**
 * Where the numbers of a search come from: files by hash, arithmetic, versions, machines and times.
 */
import { eq } from 'drizzle-orm';
import { pipelineChoice } from '../../contract/pipeline-choice.js';
import { RELEASE } from '../../contract/release.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Store } from '../../db/open-store.js';
import { contexts, searchContexts } from '../../db/schema.js';
import { racingText, rangeText, type AskedBox } from '../text/settings-text.js';
import type { SearchDocument } from '../documents/search-document.js';

type Line = SearchDocument['provenance'][number];

/** What a context was scored with; older versions stored fewer fields. */
interface Provenance {
  readonly files?: Readonly<Record<string, string>>;
  readonly scorer?: { readonly name?: string; readonly version?: string | number; readonly files?: object };
  readonly numeric?: Readonly<Record<string, unknown>>;
}

/** A context of a search: one network and one scorer. */
export interface ContextOf {
  readonly precision: string;
  readonly role: string;
  readonly provenance: Provenance;
}

/** Every context of a search, those of its own precision first. */
export const contextsOf = (store: Store, searchId: string, precision: string): ContextOf[] =>
  store
    .select({ precision: contexts.precision, role: contexts.scorer, provenance: contexts.provenance })
    .from(searchContexts)
    .innerJoin(contexts, eq(contexts.id, searchContexts.contextId))
    .where(eq(searchContexts.searchId, searchId))
    .all()
    .map((one) => ({ ...one, provenance: JSON.parse(one.provenance) as Provenance }))
    .sort((a, b) => Number(b.precision === precision) - Number(a.precision === precision));

/** Beside the contexts. */
export interface SearchFacts {
  readonly id: string;
  readonly spec: SearchSpec;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly updatedAt: string;
  readonly workers: readonly string[];
  readonly asked: AskedBox;
}

/** Names and values in the order shown. */
export function provenanceOf(found: readonly ContextOf[], facts: SearchFacts): Line[] {
  const { id, spec, workers } = facts;
  const { model, precision, scheduler, coefficients, optimizer, prior, start, control } = spec;
  return distinct([
    line('search', id),
    line('model', `${model} ${precision}`),
    ...Object.entries(pipelineChoice(spec)).map(([name, value]) => line(name, plain(value))),
    line('scheduler', fields(scheduler)),
    line('coefficients', `${coefficients.shape}, ${coefficients.tune}`),
    line('range', rangeText(spec, facts.asked)),
    line('optimizer', fields(optimizer)),
    line('races', racingText(spec)),
    ...(prior === 'none' ? [] : [line('prior', prior)]),
    ...(start === 'none' ? [] : [line('start', start)]),
    line('calibration prompts', promptsText(spec.prompts)),
    line('selection prompts', promptsText(spec.select)),
    line('held-out prompts', promptsText(spec.confirm)),
    line('control', control),
    ...found.flatMap(contextLines),
    ...(workers.length === 0 ? [] : [line('workers', workers.join(', '))]),
    line('started', facts.createdAt),
    ...(facts.finishedAt === null ? [] : [line('result written', facts.finishedAt)]),
    line('last change', facts.updatedAt),
    line('read by', `qsched ${RELEASE}`),
  ]);
}

const line = (name: string, value: string): Line => ({ name, value });

const contextLines = ({
  precision,
  role,
  provenance: { files = {}, scorer = {}, numeric = {} },
}: ContextOf): Line[] => {
  const { provider, onnxruntime, ...rest } = numeric;
  return [
    ...(onnxruntime === undefined ? [] : [line('ONNX Runtime', plain(onnxruntime))]),
    ...(provider === undefined
      ? []
      : [line(`device of ${precision}`, [plain(provider), fields(rest)].filter(Boolean).join(', '))]),
    line(`scorer ${role}`, [scorer.name, scorer.version].filter((one) => one !== undefined).join(', version ')),
    ...Object.entries(files).map(([path, hash]) => line(`sha256 of ${path}`, hash)),
    ...Object.entries(scorer.files ?? {}).map(([path, hash]) =>
      line(`sha256 of ${scorer.name ?? role}/${path}`, plain(hash)),
    ),
  ];
};

/** The same line of several contexts once. */
const distinct = (lines: readonly Line[]): Line[] => [
  ...new Map(lines.map((one) => [`${one.name}\n${one.value}`, one])).values(),
];

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const fields = (group: object): string =>
  Object.entries(group)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name} ${plain(value)}`)
    .join(', ');

const promptsText = (split: SearchSpec['prompts']): string =>
  `${split.count} ${split.texts === undefined ? `of ${split.set}` : 'of the spec'}, seeds ${split.seeds.join(', ')}`;
