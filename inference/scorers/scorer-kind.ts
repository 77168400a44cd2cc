/**
 * What a scorer folder may be: one kind per file beside this one, listed in kinds.ts.
 */
import type { SessionOptions } from '../models/runtime-session.js';
import type { Scorer } from './scorer.js';

/** A scorer folder that was found and checked. */
export interface ScorerFolder {
  /** The name by which a spec calls it, a role such as `objective`. */
  readonly role: string;
  /** The folder's own name. */
  readonly name: string;
  readonly folder: string;
  readonly kind: string;
  /** Names of the raw terms of a row; empty where it only has features. */
  readonly names: readonly string[];
  /** Files relative to `folder` that determine the scores: all of them are hashed into every key. */
  readonly files: readonly string[];
  /** scorer.json, or an empty object. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** One kind of scorer. */
export interface ScorerKind {
  /** Version of formula and preprocessing: it enters every evaluation's key. */
  readonly version: string;
  /** Files that the folder must hold. */
  readonly files: readonly string[];
  /** What makes the folder, as a command of tools/. */
  readonly make: string;
  /**
   * Checks the folder's settings, and names the raw terms.
   *
   * @throws QschedError (usage) where a setting is wrong
   */
  check(manifest: Readonly<Record<string, unknown>>, folder: string): readonly string[];
  /** Further files that the manifest names, relative to the folder. */
  readonly moreFiles?: (manifest: Readonly<Record<string, unknown>>, folder: string) => readonly string[];
  /** What identifies the scorer beside its files, for example the version that a server states. */
  readonly identify?: (folder: ScorerFolder) => Promise<Readonly<Record<string, unknown>>>;
  /** What a table calls the scores, where the folder decides it: the version of the weights, for example. */
  readonly label?: (manifest: Readonly<Record<string, unknown>>) => string;
  /** Whether it has features, which can carry a Frechet distance. */
  readonly hasFeatures?: boolean;
  /** Whether nouns of the prompts decide the score. */
  readonly usesNouns?: boolean;
  open(folder: ScorerFolder, options: SessionOptions): Promise<Scorer>;
}
