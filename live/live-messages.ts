/**
 * Jobs of the live thread, and what it is started with.
 */

/** Jobs by name. */
export type LiveJobs = {
  /** Listens at the first of these ports that is free; 0 is any free port. The result is the port. */
  readonly listen: { readonly job: { readonly ports: readonly number[] }; readonly result: number };
  /** Serves until the thread is ended. */
  readonly serve: { readonly job: null; readonly result: never };
};

/** What the thread is started with. */
export interface LiveThreadData {
  readonly databasePath: string;
  /** The artefact folder. */
  readonly artefacts: string;
}
