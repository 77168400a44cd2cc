/**
 * Both sides of a gate, ready to be rendered: networks as they are described and planned, or folders as they are read.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { contentId } from '../../contract/content-id.js';
import type { ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import { isOfFolders, readsPrompts, splitScores, type SettledGate } from '../../contract/gate-evaluation.js';
import { sameSides } from '../../contract/validate-gate.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import { computeActivities, storeActivities } from '../activities.js';
import { prepareNetworks, type PreparedNetworks } from '../evaluate/networks.js';
import { fetchPrompts } from '../prompts.js';
import { GateImages } from './gate-images.js';
import type { Screen } from './screen.js';

/** @throws QschedError (usage): both sides are the same; folders that do not fit together */
export async function prepareSides(
  gate: SettledGate,
  described: readonly NetworkDescription[],
  screen: Screen,
): Promise<GateImages> {
  const { spec, evaluation } = gate;
  const store = storeActivities(1000);
  const schedules = await store.resolveSchedules({ spec: evaluation });
  const { pairwise: pairs } = splitScores(spec.scores);
  const prepared = await prepareNetworks(evaluation, described, { gate: true, pairs });
  const { networks, networkOf } = prepared;
  const rows = schedules.map(({ coefficients, ptqd }, i) => ({
    coefficients,
    ...(ptqd === undefined ? {} : { ptqd }),
    schedule: networks[networkOf[i]!]!.schedule,
  }));
  const baselines = await store.baselines({ rows });
  const queues = [...new Set(networks.map(({ scoreQueue }) => scoreQueue))];
  const workers = await store.countWorkers({ queues });
  const sides = { gate, prepared, schedules, baselines, workers };
  return isOfFolders(spec) ? ofFolders(sides, screen) : ofNetworks(sides, screen);
}

/** What both kinds of sides have. */
interface Sides {
  readonly gate: SettledGate;
  readonly prepared: PreparedNetworks;
  readonly schedules: readonly ResolvedSchedule[];
  readonly baselines: readonly WireSchedule[];
  readonly workers: Readonly<Record<string, number>>;
}

async function ofNetworks(sides: Sides, { progress, meter, hold, show }: Screen): Promise<GateImages> {
  const { gate, prepared, schedules, baselines, workers } = sides;
  const { networks, networkOf, split } = prepared;
  const [one, other] = schedules.map(({ coefficients }, i) => {
    const { wire } = networks[networkOf[i]!]!;
    return canonicalJson([wire.network, baselines[i]!, coefficients]);
  });
  if (one === other && !gate.spec.allowIdentical) throw sameSides();
  const prompts = await fetchPrompts(split);
  const plan = { spec: gate.evaluation, prepared, prompts, schedules, baselines, workers, progress, meter, hold, show };
  const notes = [...prepared.notes, ...seenNotes(schedules, split.count)];
  const { baseline, scores } = gate.spec;
  const sidesOf = (record: ConstructorParameters<typeof GateImages>[4]): GateImages =>
    new GateImages(gate.spec, prepared, plan, notes, record);
  if (baseline === undefined) return sidesOf(null);
  const about = sidesOf(null).about();
  const found = { baseline, about, scores, prepared: networks[networkOf[0]!]! };
  return sidesOf({ hash: baseline, prompts: await computeActivities().checkBaseline(found) });
}

async function ofFolders(sides: Sides, { progress, meter, hold, show }: Screen): Promise<GateImages> {
  const { gate, prepared, schedules, baselines, workers } = sides;
  const { spec, evaluation } = gate;
  const { reference, candidate, prompts } = spec;
  const found = await computeActivities().readFolders({
    reference: reference.images!,
    candidate: candidate.images!,
    spread: reference.spread ?? null,
    texts: prompts.texts ?? null,
    readsPrompts: readsPrompts(spec),
    bySpread: splitScores(spec.scores).pointwise.find((name) => spec.margins[name] === undefined) ?? null,
  });
  const images = [found.reference, found.candidate, ...(found.spread.length === 0 ? [] : [found.spread])];
  if (canonicalJson(images[0]) === canonicalJson(images[1]) && !spec.allowIdentical) throw sameSides();
  const { names, seeds } = found;
  const [network] = prepared.networks;
  const { pointwise } = splitScores(spec.scores);
  const own: PreparedNetworks = {
    ...prepared,
    networks: [{ ...network!, ...(pointwise.length === 0 ? { scorers: [] } : {}) }],
    networkOf: images.map(() => 0),
    split: {
      set: null,
      texts: null,
      count: names.length,
      sha256: contentId(names, 64),
      nounsSha256: null,
      seeds: [...seeds],
    },
  };
  const every = <T>(one: T): T[] => images.map(() => one);
  const plan = {
    spec: evaluation,
    prepared: own,
    prompts: found.prompts,
    schedules: every(schedules[0]!),
    baselines: every(baselines[0]!),
    images,
    workers,
    progress,
    meter,
    hold,
    show,
  };
  return new GateImages(spec, own, plan, prepared.notes);
}

/** On the prompts that it was searched with, a schedule looks better than it is. */
const seenNotes = (schedules: readonly ResolvedSchedule[], count: number): string[] =>
  schedules.flatMap(({ source, seen }) =>
    seen === undefined
      ? []
      : [
          `The search or fit behind "${source}" used ${seen} of these ${count} prompts: on them it looks better than it is.`,
        ],
  );
