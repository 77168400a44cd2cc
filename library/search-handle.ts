/**
 * A search as its caller holds it, wherever it runs.
 */
import type { SearchProgress, SearchResult } from '../contract/search-result.js';

/** A search that was started, joined, or found finished. */
export interface SearchHandle {
  readonly id: string;
  /** Path of the database; null if the workers belong to another machine or another data folder. */
  readonly database: string | null;
  /** Address of its page in the Temporal UI; null if there is none. */
  readonly temporalUi: string | null;
  /** Stage, counts and scores at this moment. @throws QschedError (failure) if no worker answers */
  progress(): Promise<SearchProgress>;
  /**
   * Waits for the verdict, and then closes the handle.
   *
   * @throws QschedError: the search failed, was cancelled or terminated, or the server has not answered for a minute; what
   *   was scored is stored, and the same spec continues from there
   */
  result(): Promise<SearchResult>;
  /** Cancels the search, waits until it has ended, and closes the handle. */
  cancel(): Promise<void>;
  /**
   * Stops the server and the workers that this handle has started; without them, the search continues with the next
   * `startSearch` or `qsched resume` of it. Where it has joined running ones, the search continues without this process.
   */
  close(): Promise<void>;
}
