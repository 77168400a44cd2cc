/**
 * What a scorer folder may be: one kind per file beside this one, listed in kinds.ts.
 */
import type { NetworkFile } from '../models/network-file.js';
import type { SessionOptions } from '../models/runtime-session.js';
import type { Scorer } from './scorer.js';

/** Kinds by name, as scorer.json has them. */
export type ScorerKindName =
  | 'clip'
  | 'clip-score'
  | 'clip-iqa'
  | 'hpsv2'
  | 'pickscore'
  | 'aq-map'
  | 'maniqa'
  | 'brisque'
  | 'inception'
  | 'cmmd'
  | 'lpips'
  | 'dinov2'
  | 'module'
  | 'http';

/** A scorer folder that was found and checked. */
export interface ScorerFolder {
  /** The name by which a spec calls it, a role such as `objective`. */
  readonly role: string;
  /** The folder's own name. */
  readonly name: string;
  readonly folder: string;
  readonly kind: ScorerKindName;
  /** Names of the raw terms of a row; empty if it only has features. */
  readonly names: readonly string[];
  /** Files relative to `folder` that determine the scores, external data included: all are hashed into every key. */
  readonly files: readonly string[];
  /** Its networks, none of them loaded; empty if it has none that qsched runs. */
  readonly networks: readonly NetworkFile[];
  /** scorer.json, or an empty object. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** One kind of scorer. */
export interface ScorerKind {
  /** Version of formula and preprocessing: it enters every evaluation's key. */
  readonly version: string;
  /** Files that the folder must hold. */
  readonly files: readonly string[];
  /** The command that makes the folder. */
  readonly make: string;
  /**
   * Checks the folder's settings, and names the raw terms.
   *
   * @throws QschedError (usage) if a setting is wrong
   */
  check(manifest: Readonly<Record<string, unknown>>, folder: string): readonly string[];
  /** Networks that the kind opens; none by default. */
  readonly networks?: (manifest: Readonly<Record<string, unknown>>, folder: string) => readonly NetworkFile[];
  /** Further files that the manifest names, relative to the folder. */
  readonly moreFiles?: (manifest: Readonly<Record<string, unknown>>, folder: string) => readonly string[];
  /** What identifies the scorer beside its files, for example the version reported by a server. */
  readonly identify?: (folder: ScorerFolder) => Promise<Readonly<Record<string, unknown>>>;
  /** What a table calls the scores if the folder decides it, for example by the version of its weights. */
  readonly label?: (manifest: Readonly<Record<string, unknown>>) => string;
  /** Whether it has features, as a Frechet distance needs them. */
  readonly hasFeatures?: boolean;
  /** Whether nouns of the prompts decide the score. */
  readonly usesNouns?: boolean;
  open(folder: ScorerFolder, options: SessionOptions): Promise<Scorer>;
}
