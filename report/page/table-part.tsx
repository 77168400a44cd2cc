/**
 * An evaluation or a table of the paper.
 */
import { intervalChart, intervalDomain } from '../charts/interval-chart.js';
import { ends, fixed } from '../charts/numbers.js';
import type { TableDocument } from '../documents/table-document.js';
import { Inline } from './chart.js';
import { Facts, State } from './facts.js';
import { Image } from './image.js';
import { Heading, Section, type Place } from './section.js';
import { ProvenanceSection } from './sections/provenance.js';
import { WorstPairs } from './sections/worst-pairs.js';
import { Table } from './table.js';
import { Prompt, Text } from './text.js';

type Row = TableDocument['rows'][number];
type Column = TableDocument['columns'][number];

const ARROWS: Readonly<Record<Column['better'], string>> = { higher: ' ↑', lower: ' ↓', either: '' };

/** The table, its intervals, and the images by prompt across the rows. */
export function TablePart({ table, place }: { readonly table: TableDocument; readonly place: Place }) {
  const { id, name, status, message, columns, rows, images, imageNote, worst, notes, provenance, command } = table;
  return (
    <article class="table-part">
      <section id={`${place.part}-head`} class="head" aria-label="What was evaluated">
        <Heading level={place.level}>
          <Text>{name}</Text>
        </Heading>
        <Facts of={[['evaluation', id]]} />
        <State status={status} message={message} />
      </section>
      {rows.length === 0 ? null : (
        <Section place={place} name="table" title="Table">
          <Table
            label={name}
            rows={rows}
            columns={[
              { head: 'row', cell: ({ name: row, significant }) => <RowName name={row} significant={significant} /> },
              { head: 'network', cell: ({ network }) => <Text>{network}</Text> },
              { head: 'schedule', cell: ({ schedule }) => <Text>{schedule}</Text> },
              ...columns.map(({ key, title, better }) => ({
                head: `${title}${ARROWS[better]}`,
                cell: (row: Row) => <Value value={row.values[key] ?? null} />,
                numeric: true as const,
              })),
            ]}
          />
          <Notes columns={columns} rows={rows} notes={notes} />
        </Section>
      )}
      <Intervals columns={columns} rows={rows} place={place} />
      <WorstPairs worst={worst} place={place} />
      <TableImages images={images} note={imageNote} rows={rows} place={place} />
      <ProvenanceSection provenance={provenance} command={command} next={[]} place={place} />
    </article>
  );
}

const RowName = ({ name, significant }: Pick<Row, 'name' | 'significant'>) => (
  <>
    <Text>{name}</Text>
    {significant === true ? <span title="the gain is above 0 after Holm’s correction"> *</span> : null}
  </>
);

const Value = ({ value }: { readonly value: Row['values'][string] }) =>
  value === null ? (
    <>–</>
  ) : (
    <>
      {fixed(value.value, 3)}
      {ends(value, 3, fixed) === null ? null : <small class="ends">{ends(value, 3, fixed)}</small>}
    </>
  );

function Notes({ columns, rows, notes }: Pick<TableDocument, 'columns' | 'rows' | 'notes'>) {
  const marks = [
    ...(columns.some(({ better }) => better !== 'either') ? ['↑ higher is better, ↓ lower is better'] : []),
    ...(rows.some(({ significant }) => significant === true)
      ? ['* the gain over the baseline is above 0 after Holm’s correction']
      : []),
  ];
  const all = [...marks, ...notes];
  return all.length === 0 ? null : (
    <ul class="sentences">
      {all.map((note) => (
        <li>
          <Text>{note}</Text>
        </li>
      ))}
    </ul>
  );
}

/** One plot per column that has intervals. */
function Intervals({ columns, rows, place }: Pick<TableDocument, 'columns' | 'rows'> & { readonly place: Place }) {
  const drawn = columns.filter(({ key }) => rows.some(({ values }) => (values[key]?.low ?? null) !== null));
  return drawn.length === 0 ? null : (
    <Section
      place={place}
      name="intervals"
      title="Intervals"
      lead="Means with their 95 % intervals; one scale per column."
    >
      <div class="maps">
        {drawn.map(({ key, title, better }) => {
          const known = rows.flatMap((row) => (row.values[key] ? [{ row, value: row.values[key] }] : []));
          const zero = known.some(({ value }) => value.value < 0 || (value.low ?? 0) < 0) || /gain/i.test(title);
          const domain = intervalDomain(
            known.map(({ value }) => value),
            zero,
          );
          return (
            <Table
              label={title}
              rows={known}
              columns={[
                { head: `${title}${ARROWS[better]}`, cell: ({ row }) => <Text>{row.name}</Text> },
                { head: '', cell: ({ value }) => fixed(value.value, 3), numeric: true },
                {
                  head: '',
                  cell: ({ row, value }) => (
                    <Inline svg={intervalChart(`${title} of ${row.name}`, value, domain, zero ? 0 : null)} />
                  ),
                },
              ]}
            />
          );
        })}
      </div>
    </Section>
  );
}

interface ImagesProps extends Pick<TableDocument, 'images' | 'rows'> {
  readonly note: string | null;
  readonly place: Place;
}

function TableImages({ images, rows, note, place }: ImagesProps) {
  return images.length === 0 ? null : (
    <Section
      place={place}
      name="images"
      title="Images"
      lead={`The same prompt and seed under every row.${note === null ? '' : ` ${note}`}`}
    >
      <ol class="triples">
        {images.map(({ prompt, seed, rows: sources }) => (
          <li class="triple">
            <div class="about">
              <p class="facts-line">
                <span class="seed">seed {seed}</span>
              </p>
              <Prompt>{prompt}</Prompt>
            </div>
            <div class="views many">
              {sources.map((source, i) => (
                <Image source={source} kind="row" label={rows[i]?.name ?? `row ${i + 1}`} prompt={prompt} />
              ))}
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}
