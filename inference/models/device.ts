/**
 * Where networks run: an execution provider of ONNX Runtime, and which of several devices.
 */
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';

/** Providers that `--device` takes. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface Device {
  readonly provider: Provider;
  /** Which device, from 0. */
  readonly index: number;
}

/**
 * Reads `cpu`, `cuda`, `cuda:1`, `webgpu`, `dml` or `coreml`.
 *
 * @throws QschedError (usage) with the list of what is allowed
 */
export function parseDevice(text: string): Device {
  const [, provider, index] = /^([a-z]+)(?::(\d{1,2}))?$/.exec(text) ?? [];
  if (!isProvider(provider)) {
    throw new QschedError('usage', `"${text}" is not a device.`, suggestion(text, [...PROVIDERS]));
  }
  if (index !== undefined && provider !== 'cuda') {
    throw new QschedError('usage', `"${text}" is not a device: only cuda takes a number.`, `Use ${provider}.`);
  }
  return { provider, index: Number(index ?? 0) };
}

const isProvider = (name: string | undefined): name is Provider => PROVIDERS.some((provider) => provider === name);

/** What ONNX Runtime calls it. */
export const executionProvider = ({ provider, index }: Device): string | { name: string; deviceId: number } =>
  provider === 'cuda' ? { name: provider, deviceId: index } : provider;
