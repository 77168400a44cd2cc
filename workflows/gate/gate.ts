/**
 * The `gate` workflow: is a candidate as good as its reference? Both sides are rendered on the same prompts and seeds, look
 * by look, until the scores are decided or the prompts are used up. Images and numbers stay in the artefact folder: what is
 * there is reused, whoever asked for it.
 */
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { evaluationInput, splitScores, type SettledGate } from '../../contract/gate-evaluation.js';
import type { GateProgress } from '../../contract/gate-payloads.js';
import type { GateResult } from '../../contract/gate-result.js';
import type { Written } from '../../contract/settle-search.js';
import { readGate, settleGate, type ReadGate } from '../../contract/validate-gate.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import { storeActivities } from '../activities.js';
import type { Hold } from '../evaluate/hold.js';
import { describeRows } from '../evaluate/networks.js';
import { orFailure } from '../failure.js';
import { asksToWait } from '../patience.js';
import { markRelease } from '../release.js';
import { endRun, holdRun, setColumns, type RunPlace } from '../run-frame.js';
import { Meter } from '../scoring/meter.js';
import { showEnd, showProgress, showVerdict } from './details.js';
import { lookUntilDecided } from './looks.js';
import { prepareSides } from './prepare-sides.js';
import { atStart } from './progress.js';
import type { Screen } from './screen.js';
import { sideName, sidesOf } from './sides.js';

/** Where the gate is: `temporal workflow query --type progress`. */
export const gateProgressQuery = defineQuery<GateProgress>('progress');

/**
 * Runs a gate to its verdict.
 *
 * @param input a GateSpec as a user wrote it: only `reference` and `candidate` are required
 */
export async function gate(input: unknown): Promise<GateResult> {
  markRelease();
  const { workflowId: id } = workflowInfo();
  const progress = atStart();
  const meter = new Meter();
  const now = (): GateProgress => {
    const { secondsLeft } = meter.measured(Date.now());
    return { ...progress, secondsLeft: progress.stage === 'render' ? secondsLeft : null };
  };
  setHandler(gateProgressQuery, now);
  const read = orFailure(() => readGate(input));
  const place: RunPlace = { id, title: titleOf(read.spec), page: null, columns: false };
  const hold: Hold = { paused: false, priority: null };
  const show = (note?: string): void => showProgress(place, now(), note);
  const screen: Screen = { place, progress, meter, hold, show };
  let opened = false;
  holdRun({ what: 'gate', place, hold, show, isOpen: () => opened });
  try {
    const { settled, described } = await settle(screen, read, input);
    place.title = titleOf(settled.spec);
    setColumns(place, { status: hold.paused ? 'paused' : 'running', stage: 'render', model: modelsOf(settled) });
    await storeActivities(1).openRun({ id, kind: 'gate', name: place.title, spec: settled.spec });
    opened = true;
    if (hold.paused) await storeActivities(0).setRunPaused({ id, paused: true });
    return await run(screen, settled, described);
  } catch (error) {
    throw await endRun(place, error, opened, (status, message) => showEnd(place, status, message));
  }
}

/** The gate with the defaults of its models, by this machine's files or by workers that describe them. */
async function settle(
  { place, show }: Screen,
  { spec, evaluation }: ReadGate,
  input: unknown,
): Promise<{ settled: SettledGate; described: readonly NetworkDescription[] }> {
  show(`Waiting for workers that serve ${[...new Set(evaluation.rows.map(({ model }) => model))].join(', ')}.`);
  const checked = await storeActivities(0).checkGate({ id: place.id, input, patient: asksToWait(input) });
  place.page = checked.page;
  place.columns = checked.searchAttributes;
  if (checked.settled !== null) return { settled: checked.settled, described: [] };
  const described = await describeRows(
    evaluationInput(input as Written),
    evaluation,
    splitScores(spec.scores ?? []).pairwise,
  );
  return { settled: orFailure(() => settleGate(input, described)), described };
}

async function run(
  screen: Screen,
  settled: SettledGate,
  described: readonly NetworkDescription[],
): Promise<GateResult> {
  const { place, progress, show } = screen;
  const { spec } = settled;
  const images = await prepareSides(settled, described, screen);
  const found = await lookUntilDecided(images, spec, screen);
  const { split } = images;
  const { last, looks } = found;
  const { set, seeds, sha256, skip = 0 } = split;
  const { finishGate } = storeActivities(1000);
  const result = await finishGate({
    result: {
      gateId: place.id,
      verdict: found.verdict,
      reason: last.reason,
      reference: images.found('reference'),
      candidate: images.found('candidate'),
      scores: last.scores,
      prompts: { set, count: looks.at(-1)!.prompts, most: images.most, skip, seeds, sha256 },
      lost: last.lost,
      looks,
      planned: { prompts: last.plan.prompts, wanted: last.plan.wanted, power: last.plan.power },
      promptsToDecide: last.promptsToDecide,
      worst: images.named(last.worst),
      baseline: last.baseline,
      objective: spec.objective,
      power: spec.power,
      alpha: spec.alpha,
      generated: progress.generated,
      reused: progress.reused,
      warnings: [...new Set([...images.warnings(), ...last.warnings])],
    },
  });
  progress.stage = 'finished';
  progress.status = 'finished';
  show();
  setColumns(place, { status: 'finished', stage: 'finished', recommend: result.verdict });
  showVerdict(place, result);
  return result;
}

const modelsOf = ({ evaluation }: SettledGate): string =>
  [...new Set(evaluation.rows.map(({ model }) => model))].join(', ');

function titleOf(spec: ReadGate['spec']): string {
  const [reference, candidate] = sidesOf(spec);
  return `${sideName(candidate)} against ${sideName(reference)}`;
}
