/**
 * Every network of an evaluation, prepared once on a worker that serves it.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { QschedError } from '../../contract/errors.js';
import type { PreparedNetwork } from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { modelActivities } from '../activities.js';
import { stepCount } from '../../contract/step-count.js';

/** Networks, and which of them each row has. */
export interface PreparedNetworks {
  readonly networks: readonly PreparedNetwork[];
  /** By row. */
  readonly networkOf: readonly number[];
}

/**
 * A network is a model at a precision with a scheduler: rows that share it differ in their schedule alone.
 *
 * @throws QschedError (failure): workers that have other prompts, another arithmetic or other scorers than each other
 */
export async function prepareNetworks({
  rows,
  objective,
  scorers,
  features,
  prompts,
  waitForWorker,
}: EvaluateSpec): Promise<PreparedNetworks> {
  const keys = rows.map(({ model, precision, scheduler }) => canonicalJson({ model, precision, scheduler }));
  const distinct = [...new Set(keys)];
  const networks = await Promise.all(
    distinct.map((key) => {
      const { model, precision, scheduler } = rows[keys.indexOf(key)]!;
      const summary = `${model} ${precision}, ${scheduler.type}, ${stepCount(scheduler.steps)}`;
      const request = { model, precision, scheduler, objective, scorers, features, prompts };
      return modelActivities(model, waitForWorker).prepareEvaluate.executeWithOptions({ summary }, [request]);
    }),
  );
  if (networks.some(({ prompts: { sha256 } }) => sha256 !== networks[0]!.prompts.sha256)) {
    throw new QschedError(
      'failure',
      `The prompt set "${prompts.set}" differs between workers.`,
      'Give every worker the same prompt files.',
    );
  }
  refuseMixed(networks);
  return { networks, networkOf: keys.map((key) => distinct.indexOf(key)) };
}

/** Rows are compared with each other: they need the same arithmetic and, under one name, the same scorer. */
function refuseMixed(networks: readonly PreparedNetwork[]): void {
  const first = networks[0]!;
  for (const other of networks) {
    if (other.numeric !== first.numeric) {
      throw new QschedError(
        'failure',
        `The rows would mix arithmetic: ${first.model} ${first.precision} has ${first.numeric}; ${other.model} ${other.precision} has ${other.numeric}.`,
        'Serve all models of a table by workers of one kind: the same provider, onnxruntime, instruction set and --batch.',
      );
    }
    const changed = other.scorers.find(({ role, fingerprint }) =>
      first.scorers.some((one) => one.role === role && one.fingerprint !== fingerprint),
    );
    if (changed !== undefined) {
      throw new QschedError(
        'failure',
        `The rows would mix scorers: "${changed.role}" of ${other.model} (${changed.name}) has other files or another version than that of ${first.model}.`,
        'Give every model of a table the same scorers: name a scorer folder instead of a role.',
      );
    }
  }
}
