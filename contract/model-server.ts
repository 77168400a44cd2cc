/**
 * The protocol of model servers (docs/model-servers.md): a process that runs a model's networks, in any language. It is
 * asked for four things over a Unix socket or loopback: `describe`, `encode`, `denoise` and `decode`.
 */
import { z } from 'zod';
import { sha256 } from './wire/network.js';

/** Increased whenever a server of the version before would be misunderstood. */
export const SERVER_PROTOCOL = 1;

/** Every answer but `describe` repeats the description's `identity` in this header. */
export const IDENTITY_HEADER = 'qsched-identity';
/** And names its process in this one: handles of another process are not used, whatever they are called. */
export const INSTANCE_HEADER = 'qsched-instance';

const rows = z.int().min(1).max(1024);
const size = z.int().min(1).max(16_384);

/** Options of a run that a server may take: those of `contract/wire/network.ts`. */
export const SERVED_OPTIONS = ['height', 'width', 'guidance', 'negativePrompt', 'sequenceLength'] as const;

/** A network at one precision. */
const ServedNetwork = z.strictObject({
  /** Name -> sha256 of everything that decides its outputs: weights, configs, tokenizers. */
  weights: z.record(z.string(), sha256),
});

/** The answer to `GET /v1/describe`. */
export const ServerDescription = z.strictObject({
  protocol: z.literal(SERVER_PROTOCOL),
  /** Changes with anything that may change a bit of an answer; repeated in the header of every other answer. */
  identity: z.string().min(1).max(200),
  server: z.strictObject({ name: z.string().min(1), version: z.string().min(1) }),
  /** The family, by the name that qsched gives it: sd15, sdxl, flux, ... It decides the defaults of a search. */
  pipeline: z.string().min(1),
  /** Precision -> network. `fp32` (or `fp16`) is full precision. */
  precisions: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain name'), ServedNetwork)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one precision'),
  defaultPrecision: z.string().optional(),
  /** (channels, height, width) of a latent at the model's own size. */
  latentShape: z.tuple([size, size, size]),
  /** Pixels of an image per value of a latent, along each side. */
  pixelsPerLatent: z.int().min(1).max(64),
  /** False for a model without text: a prompt then only names the noise of its images. */
  readsText: z.boolean().default(true),
  /** Of diffusers: scheduler_config.json, and what model_index.json says of sampling. */
  schedulerConfig: z.record(z.string(), z.unknown()),
  modelIndex: z.record(z.string(), z.unknown()).default({}),
  /** Rows of every call: it gets exactly as many, padded by qsched. */
  batches: z.strictObject({ text: rows, denoiser: rows, decoder: rows }),
  /** The type of latents and outputs on the wire. */
  dtype: z.enum(['F32', 'F16']),
  /** What it runs on, such as "cpu" or "NVIDIA H100". */
  device: z.string().min(1),
  /** Package -> version of everything that decides bits. */
  versions: z.record(z.string(), z.string()),
  options: z.array(z.enum(SERVED_OPTIONS)).default([]),
});
export type ServerDescription = z.infer<typeof ServerDescription>;

/** The answer to `POST /v1/encode`: one handle per text. Conditionings stay on the server. */
export const EncodeAnswer = z.strictObject({ handles: z.array(z.string().min(1)) });

/** The body of an answer with a 4xx or 5xx status. */
export const ServerError = z.object({
  error: z.string(),
  /** Status 410: handles that the server does not know, such as those from before its restart. */
  unknown: z.array(z.string()).optional(),
});
