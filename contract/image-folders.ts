/**
 * Folders of images as a gate reads them.
 */
import type { WirePrompt } from './wire/network.js';

export interface ReadFoldersRequest {
  readonly reference: string;
  readonly candidate: string;
  /** The reference's images of other seeds; null without. */
  readonly spread: string | null;
  /** Texts of the prompts, in the order of their names; null: those of prompts.json in the reference's folder. */
  readonly texts: readonly string[] | null;
  /** Whether a score reads the prompts. */
  readonly readsPrompts: boolean;
  /** A score whose margin follows from the reference's spread between seeds; null without. */
  readonly bySpread: string | null;
}

/** Images that belong together by their names, as artefacts. */
export interface FoundFolders {
  /** Prompts by the names of their files, in order. */
  readonly names: readonly string[];
  readonly prompts: readonly WirePrompt[];
  /** Of the images of a prompt; 0 where names say nothing. */
  readonly seeds: readonly number[];
  /** Hashes of the images, prompt by prompt and seed by seed. */
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
  /** Hashes of the reference's images of other seeds, as many as of the others; empty without. */
  readonly spread: readonly string[];
}
