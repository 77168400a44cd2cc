/**
 * What can be followed: the list of everything, a search, or a table. A topic's version is a short text that changes
 * with every change of what is shown of it.
 */
import type { Store } from '../db/open-store.js';

/** `list` is the home page. Ids are those of the database. */
export type Topic = { readonly kind: 'list' } | { readonly kind: 'search' | 'table'; readonly id: string };

/** A topic as a key of maps. */
export const topicKey = (topic: Topic): string => (topic.kind === 'list' ? 'list' : `${topic.kind} ${topic.id}`);

// Trials and work are counted by state beside the time of the last change, which has milliseconds: two commits within
// one of them still differ.
const SEARCH = `
  select s.status || ' ' || s.updated_at || ' ' || coalesce(s.finished_at, '') || ' ' ||
         (select count(*) || ' ' || total(t.status = 'asked') || ' ' || total(t.status = 'raced') || ' ' ||
                 coalesce(max(t.updated_at), '')
          from trials t where t.search_id = s.id) || ' ' ||
         (select count(*) from work w where w.search_id = s.id) || ' ' ||
         (select count(*) from prompt_scores p where p.search_id = s.id)
  from searches s where s.id = ?`;

const TABLE = `select status || ' ' || updated_at || ' ' || coalesce(length(result), 0) from runs where id = ?`;

const LIST = `
  select (select count(*) || ' ' || coalesce(max(updated_at), '') || ' ' || total(status = 'running') from searches)
         || ' ' || (select count(*) || ' ' || total(status = 'asked') || ' ' || coalesce(max(updated_at), '') from trials)
         || ' ' || (select count(*) || ' ' || coalesce(max(updated_at), '') || ' ' || total(status = 'running')
                           || ' ' || total(status = 'paused') from runs)`;

/** The version of a topic; empty if there is no such search or table. */
export function versionOf(store: Store, topic: Topic): string {
  const client = store.$client;
  if (topic.kind === 'list') return client.prepare(LIST).pluck().get() as string;
  const version = client
    .prepare(topic.kind === 'search' ? SEARCH : TABLE)
    .pluck()
    .get(topic.id);
  return (version as string | undefined) ?? '';
}
