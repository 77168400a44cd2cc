/**
 * Networks as their workers describe them.
 */
import type { PipelineOptions } from '../contract/wire/network.js';
import type { NetworkDescription } from '../contract/wire/describe.js';
import type { DescribeRequest } from '../contract/wire/describe.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { modelActivities } from './activities.js';

/** What is to be described. */
export interface Described {
  readonly model: string;
  /** A precision, or `reference` for the full-precision network. */
  readonly precision: string;
  readonly scorers: readonly string[];
  readonly waitSeconds: number;
  readonly options?: PipelineOptions;
}

/** @throws the worker's failure; that nobody serves the model in time */
export function describeNetwork({
  model,
  precision,
  scorers,
  waitSeconds,
  options = {},
}: Described): Promise<NetworkDescription> {
  const { describe } = modelActivities(model, waitSeconds);
  const request: DescribeRequest = { version: WIRE_VERSION, model, precision, options, scorers: [...scorers] };
  return describe.executeWithOptions({ summary: `${model} ${precision}` }, [request]);
}
