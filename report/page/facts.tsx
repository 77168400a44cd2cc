/**
 * What the head of a part says beside its title: facts, and a state that is not the usual end.
 */
import type { ComponentChildren } from 'preact';
import { Text } from './text.js';

/** Names and values in the order shown. */
export const Facts = ({ of }: { readonly of: readonly (readonly [string, string])[] }) => (
  <dl class="facts">
    {of.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>
          <Text>{value}</Text>
        </dd>
      </div>
    ))}
  </dl>
);

interface StateProps {
  readonly status: string;
  /** Why it failed or was cancelled. */
  readonly message: string | null;
  /** How far it is. */
  readonly children?: ComponentChildren;
}

/** Nothing once it has finished. */
export const State = ({ status, message, children }: StateProps) =>
  status === 'finished' ? null : (
    <div class={`state ${status}`}>
      <strong>{status}</strong>
      {children}
      {message === null ? null : (
        <p>
          <Text>{message}</Text>
        </p>
      )}
    </div>
  );
