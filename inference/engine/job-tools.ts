/**
 * What a job is done with. Nothing is opened before it is needed: a job whose results are all kept opens no network.
 */
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import type { Scorer } from '../scorers/scorer.js';
import type { EngineParts, NamedNetwork } from './engine-parts.js';
import type { Generator } from './generate-blocks.js';
import type { RunningReport } from './work-report.js';

export interface JobTools {
  readonly artefacts: () => ArtefactStore;
  /** The network that generates. */
  readonly generator: () => Promise<Generator>;
  /** A scorer by its role. */
  readonly scorer: (role: string) => Promise<Scorer>;
}

/** Tools of one job; the rows of its network are counted in its report. */
export function jobTools(
  parts: EngineParts,
  network: NamedNetwork,
  report: RunningReport,
  artefacts: () => ArtefactStore,
): JobTools {
  let generator: Promise<Generator> | undefined;
  const scorers = new Map<string, Promise<Scorer>>();
  const openGenerator = async (): Promise<Generator> => {
    const opened = await parts.generator(network);
    report.count(opened.sampler.pipeline);
    return opened;
  };
  return {
    artefacts,
    generator: () => (generator ??= openGenerator()),
    scorer(role) {
      const opened = scorers.get(role) ?? parts.scorer(network, role);
      scorers.set(role, opened);
      return opened;
    },
  };
}
