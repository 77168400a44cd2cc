/**
 * Messages between a process and a thread that runs jobs for it, one after another.
 */

/** Jobs of a thread, by name. */
export type Jobs = { readonly [name: string]: { readonly job: unknown; readonly result: unknown } };

export type ToThread =
  | { readonly type: 'job'; readonly id: number; readonly name: string; readonly job: unknown }
  | { readonly type: 'cancel'; readonly id: number };

export type FromThread =
  | { readonly type: 'progress'; readonly id: number; readonly share: number }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly message: string;
      readonly code: 'usage' | 'failure' | 'unexpected';
      readonly hint: string;
      readonly final: boolean;
    };

/** How the process follows and stops a job. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/** How a job reports progress and learns that it was cancelled. */
export interface JobControl {
  /** Reports the share that is done, 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** Lets messages in; throws if the job was cancelled. */
  readonly checkpoint: () => Promise<void>;
}
