/**
 * What crosses the wire between the `gate` workflow and its activities. Plain JSON, small: images and scores stay in the
 * artefact folder, and are named by their hash.
 */
import type { Records } from './evaluate-payloads.js';
import type { SettledGate } from './gate-evaluation.js';
import type { GateBaseline } from './gate-baseline.js';
import type { GateLook, GateResult, GateScore, WorstPrompt } from './gate-result.js';
import type { GateSpec } from './gate-spec.js';
import type { PreparedNetwork } from './prepared-network.js';

export interface CheckGateRequest {
  readonly id: string;
  /** The gate as the user wrote it. */
  readonly input: unknown;
  /** The user said how long to wait for a worker: a model that nobody serves yet is not a mistake. */
  readonly patient: boolean;
}

/** What was found. */
export interface CheckedGate {
  /** With the defaults of its models; null if a model's files are not here, so that a worker must describe it. */
  readonly settled: SettledGate | null;
  /** Whether the namespace has our search attributes. */
  readonly searchAttributes: boolean;
  /** Address of its live page; null if nobody serves it. */
  readonly page: string | null;
}

/** When a gate is looked at, as the power calculation planned it: a plan of metrics/gate. */
export interface LookPlan {
  readonly options: {
    readonly alpha: number;
    readonly power: number;
    readonly looks: number;
    readonly most: number;
    readonly resamples: number;
    readonly seed: number;
  };
  /** Prompts at the last look, and at each of them. */
  readonly prompts: number;
  readonly looks: readonly number[];
  /** Looks that were taken. */
  readonly taken: readonly { readonly prompts: number; readonly fraction: number }[];
  readonly power: number;
  /** Prompts that the power asks for; null beyond a million. */
  readonly wanted: number | null;
}

/** A look at what is rendered so far. */
export interface LookRequest {
  /** Scorers and objectives. */
  readonly prepared: Pick<PreparedNetwork, 'scorers' | 'judged'>;
  readonly spec: Pick<GateSpec, 'margins' | 'spread' | 'power' | 'alpha' | 'looks'> & {
    readonly scores: readonly string[];
  };
  /** Prompts that are rendered, and the most that there may be. */
  readonly prompts: number;
  readonly most: number;
  readonly seedCount: number;
  readonly reference: Records;
  readonly candidate: Records;
  /** The reference with other seeds, as many as it has itself; empty without. */
  readonly spread: Records;
  /** Records of the pairwise scores, in order; empty without any. */
  readonly pairs: Records;
  /** Records of the pairwise scores of the reference beside its own repeat, same seeds; empty where it was not repeated. */
  readonly repeat: Records;
  /** What the record of the reference needs beside its scores. */
  readonly about: Pick<GateBaseline, 'name' | 'key' | 'sha256' | 'seeds'>;
  /** Artefact with the record of the reference, in place of its own records; null without. */
  readonly baseline: string | null;
  /** Null at the first look, which plans the others. */
  readonly plan: LookPlan | null;
}

/** Holds a record against what a gate needs of it. */
export interface CheckBaselineRequest {
  readonly baseline: string;
  readonly about: LookRequest['about'];
  readonly prepared: LookRequest['prepared'];
  readonly scores: readonly string[];
}

/** A prompt by its place: the workflow knows its text. */
export type WorstPlace = Omit<WorstPrompt, 'text' | 'seed'> & { readonly seedAt: number };

export interface LookResult {
  readonly plan: LookPlan;
  readonly verdict: GateLook['verdict'];
  readonly reason: string;
  readonly scores: readonly GateScore[];
  readonly promptsToDecide: number | null;
  readonly lost: number;
  readonly worst: readonly WorstPlace[];
  readonly warnings: readonly string[];
  /** Artefact with the record of the reference. */
  readonly baseline: string | null;
  /** Records that are gone from the folder, or parts of them; their shards must be made again. */
  readonly missing: Records;
}

/** Everything of the result but the time. */
export interface FinishGateRequest {
  readonly result: Omit<GateResult, 'seconds'>;
}

/** Where a gate is: the workflow's `progress` query. */
export interface GateProgress {
  readonly status: 'running' | 'finished';
  readonly stage: 'prepare' | 'render' | 'look' | 'finished';
  /** Looks that were taken, prompts of the next one, and prompts in all as far as that is planned. */
  readonly looks: number;
  readonly prompts: number;
  readonly planned: number | null;
  readonly images: number;
  readonly done: number;
  readonly generated: number;
  readonly reused: number;
  readonly failed: number;
  /** Seconds until the images of this look are there; null until one was generated. */
  readonly secondsLeft: number | null;
  readonly verdict: GateLook['verdict'] | null;
}
