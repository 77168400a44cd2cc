/**
 * What the result rests on, and how to repeat it.
 */
import type { SearchDocument } from '../../documents/search-document.js';
import { counted } from '../../charts/numbers.js';
import { shown } from '../../charts/shown.js';
import { Section, SubHeading, type Place } from '../section.js';
import { Text } from '../text.js';

interface Props {
  readonly provenance: SearchDocument['provenance'];
  readonly command: string;
  readonly next: SearchDocument['next'];
  readonly place: Place;
}

/** Hashes, versions and devices, the command that repeats it, and what to type next. */
export const ProvenanceSection = ({ provenance, command, next, place }: Props) => (
  <Section place={place} name="provenance" title="Provenance">
    <SubHeading place={place}>Repeat it</SubHeading>
    <Command>{command}</Command>
    {next.length === 0 ? null : (
      <>
        <SubHeading place={place}>Next</SubHeading>
        <dl class="next">
          {next.map(({ command: text, what }) => (
            <div>
              <dt>
                <Text>{what}</Text>
              </dt>
              <dd>
                <Command>{text}</Command>
              </dd>
            </div>
          ))}
        </dl>
      </>
    )}
    <SubHeading place={place}>What it rests on</SubHeading>
    <List of={provenance.filter(({ name }) => !name.startsWith(HASH))} />
    <Hashes of={provenance.filter(({ name }) => name.startsWith(HASH))} />
  </Section>
);

type Entries = SearchDocument['provenance'];

const HASH = 'sha256 of ';

const Hashes = ({ of: hashes }: { readonly of: Entries }) =>
  hashes.length === 0 ? null : (
    <details class="numbers">
      <summary>SHA-256 of {counted(hashes.length, 'file')}</summary>
      <List of={hashes.map(({ name, value }) => ({ name: name.slice(HASH.length), value }))} />
    </details>
  );

const List = ({ of: entries }: { readonly of: Entries }) => (
  <dl class="provenance-list">
    {entries.map(({ name, value }) => (
      <div>
        <dt>
          <Text>{name}</Text>
        </dt>
        <dd>
          <Text>{value}</Text>
        </dd>
      </div>
    ))}
  </dl>
);

const Command = ({ children }: { readonly children: string }) => (
  <div class="command" data-copy>
    <code>{shown(children)}</code>
    <button type="button" hidden>
      Copy
    </button>
  </div>
);
