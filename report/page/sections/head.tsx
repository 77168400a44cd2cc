/**
 * What was searched, and how far it is.
 */
import type { SearchDocument } from '../../documents/search-document.js';
import { duration } from '../../charts/numbers.js';
import { Facts, State } from '../facts.js';
import { Heading, type Place } from '../section.js';
import { Text } from '../text.js';

/** The head of a search. */
export function Head({ search, place }: { readonly search: SearchDocument; readonly place: Place }) {
  const { id, status, message, progress, model, precision, scheduler, steps, optimizer, objective } = search;
  const facts = [
    ['scheduler', `${scheduler}, ${steps} ${steps === 1 ? 'step' : 'steps'}`],
    ['optimizer', optimizer],
    ['objective', objective],
    ['search', id],
  ] as const;
  return (
    <section id={`${place.part}-head`} class="head" aria-label="What was searched">
      <Heading level={place.level}>
        <Text>{model}</Text> <small>{precision}</small>
      </Heading>
      <Facts of={facts} />
      <State status={status} message={message}>
        {progress === null ? null : (
          <>
            {' '}
            <span>
              {progress.stage}, {progress.told} of {progress.budget} candidates, {duration(progress.seconds)}
            </span>
            <progress max={progress.budget} value={progress.told} aria-label="Candidates scored" />
          </>
        )}
      </State>
    </section>
  );
}
