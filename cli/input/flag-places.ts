/**
 * Fields of a spec as messages name them: by the flag that set them, or by their line in a file.
 */
import { QschedError } from '../../contract/errors.js';
import { flagName, type AnyGiven, type Flags } from './flag.js';
import type { YamlFile } from './read-yaml.js';

/** A row of an evaluation, which flags describe as a whole. */
const ROW = '(?:rows\\.\\d+\\.)?';

/** Where the values of a spec come from. */
export interface Places {
  /** Prefix of a message about a field: `--steps: `, `spec.yaml:7: `, or nothing. */
  readonly of: (where: readonly PropertyKey[]) => string;
  /** Runs a check, and names fields in its error by their flags. @throws what the check throws */
  readonly named: <T>(check: () => T) => T;
}

/**
 * @param flags the flags of the command
 * @param given those that were typed
 * @param file the file with the spec; without one, every field is named by its flag
 */
export function placesOf(flags: Flags, given: AnyGiven, file: YamlFile | null): Places {
  const entries = Object.entries(flags).flatMap(([key, { path, fields = [], example }]) =>
    (path === undefined ? fields : [path]).map((field) => ({
      field,
      name: flagName(key),
      given: given[key] !== undefined,
      example,
    })),
  );
  const typed = new Map(entries.filter((one) => one.given).map(({ field, name }) => [field, name]));
  const named = entries
    .filter((one) => file === null || one.given)
    .sort((a, b) => b.field.length - a.field.length || Number(b.given) - Number(a.given));
  return {
    of(where) {
      const path = file === null && where[0] === 'rows' ? where.slice(2) : where;
      const flag = path.map((_, i) => typed.get(path.slice(0, i + 1).join('.'))).findLast((one) => one !== undefined);
      if (flag !== undefined) return `${flag}: `;
      return file === null ? '' : `${file.path}${file.lineOf(where)}: `;
    },
    named(check) {
      try {
        return check();
      } catch (error) {
        if (!(error instanceof QschedError)) throw error;
        const rename = (text: string): string => named.reduce(nameField, text);
        const message = withoutPrefix(rename(error.message));
        const missing = named.find(
          ({ name, example }) => example !== undefined && message.startsWith(`${name} is missing`),
        );
        const hint = missing === undefined ? rename(error.hint) : `For example: ${missing.name} ${missing.example}`;
        throw new QschedError(error.code, message, hint, error.final);
      }
    },
  };
}

/** A message that names its flag needs no `--steps: ` before it. */
function withoutPrefix(message: string): string {
  const [prefix, flag] = /^(--[a-z-]+): /.exec(message) ?? [];
  const rest = message.slice(prefix?.length ?? 0);
  const text = flag !== undefined && rest.includes(flag) ? rest : message;
  return text.replace(/^a value of/, 'A value of');
}

interface NamedField {
  readonly field: string;
  readonly name: string;
  readonly example: string | undefined;
}

/** Replaces a field by its flag. A name of one word is replaced only where a message starts with it: it may be any word. */
function nameField(text: string, { field, name, example }: NamedField): string {
  const escaped = field.replaceAll('.', '\\.');
  const start = field.includes('.') ? `(?<![\\w.-])${ROW}` : `(?:(?<![\\w.-])rows\\.\\d+\\.|(?<=^(?:--[a-z-]+: )?))`;
  return text
    .replace(
      new RegExp(`^Change ${ROW}${escaped}(?:\\.[\\w@.-]+)?\\.$`),
      example === undefined ? `Change ${name}.` : `For example: ${name} ${example}`,
    )
    .replace(new RegExp(`${start}${escaped}\\.\\d+(?![\\w.])`, 'g'), `a value of ${name}`)
    .replace(new RegExp(`${start}${escaped}\\.([\\w@-]+(?:\\.[\\w@-]+)*) is`, 'g'), `$1 in ${name} is`)
    .replace(new RegExp(`${start}${escaped}(?![\\w.-]*\\w)`, 'g'), name);
}
