/**
 * The home page: every search, evaluation and table, with links to their pages.
 */
import { duration, ends, fixed, signed } from '../report/charts/numbers.js';
import { Table } from '../report/page/table.js';
import { Text } from '../report/page/text.js';
import type { ListData, ListedSearch, ListedTable } from './list-data.js';
import { SearchStatus } from './search-status.js';

/** The parts of the home page. */
export const ListMain = ({ searches, tables, older }: ListData) => (
  <div class="list">
    <section id="searches">
      <h1>Searches</h1>
      {searches.length === 0 ? <Start command="npx qsched search --model shapes" /> : <Searches rows={searches} />}
    </section>
    <section id="tables" class="part">
      <h2>Evaluations and tables of the paper</h2>
      {tables.length === 0 ? <Start command="npx qsched reproduce table-1" /> : <Tables rows={tables} />}
      {older === 0 ? null : (
        <p>
          {older} older ones are not listed; <code>npx qsched status</code> lists every search.
        </p>
      )}
    </section>
  </div>
);

const Start = ({ command }: { readonly command: string }) => (
  <p>
    There are none yet. Start one: <code>{command}</code>
  </p>
);

interface NameProps {
  readonly href: string;
  readonly name: string;
  readonly about: string;
}

const Name = ({ href, name, about }: NameProps) => (
  <>
    <a href={href}>
      <Text>{name}</Text>
    </a>
    <small>
      <Text>{about}</Text>
    </small>
  </>
);

const RECOMMENDED: Readonly<Record<string, string>> = { calibrated: 'finalist', identity: 'baseline', none: 'nothing' };

const Searches = ({ rows }: { readonly rows: readonly ListedSearch[] }) => (
  <Table
    label="Searches"
    rows={rows}
    columns={[
      { head: 'search', cell: searchName },
      { head: 'status', cell: (row) => <SearchStatus {...row} /> },
      { head: 'best', cell: ({ best }) => fixed(best), numeric: true },
      { head: 'baseline', cell: ({ identity }) => fixed(identity), numeric: true },
      { head: 'held-out gain, 95 %', cell: heldOutGain, numeric: true },
      { head: 'recommended', cell: ({ verdict }) => RECOMMENDED[verdict ?? ''] },
      { head: 'time', cell: ({ seconds }) => duration(seconds ?? 0), numeric: true },
      { head: 'started (UTC)', cell: ({ createdAt }) => minute(createdAt!), numeric: true },
    ]}
  />
);

function searchName({ searchId, model, precision, scheduler, steps, optimizer }: ListedSearch) {
  const about = `${model} ${precision}, ${scheduler} with ${steps} ${steps === 1 ? 'step' : 'steps'}, ${optimizer}`;
  return <Name href={`/searches/${encodeURIComponent(searchId!)}`} name={searchId!} about={about} />;
}

function heldOutGain({ gain, gainLow, gainHigh }: ListedSearch) {
  if (gain === null) return null;
  return (
    <>
      {signed(gain)} <span class="ends">{ends({ low: gainLow, high: gainHigh })}</span>
    </>
  );
}

const Tables = ({ rows }: { readonly rows: readonly ListedTable[] }) => (
  <Table
    label="Evaluations and tables of the paper"
    rows={rows}
    columns={[
      {
        head: 'table',
        cell: ({ id, name }) => <Name href={`/tables/${encodeURIComponent(id)}`} name={name} about={id} />,
      },
      { head: 'kind', cell: ({ kind }) => (kind === 'study' ? 'table of the paper' : 'evaluation') },
      { head: 'status', cell: ({ status }) => <span class={`status ${status}`}>{status}</span> },
      { head: 'changed (UTC)', cell: ({ updatedAt }) => minute(updatedAt), numeric: true },
    ]}
  />
);

/** `2026-11-28 10:20` */
const minute = (at: string): string => at.slice(0, 16).replace('T', ' ');
