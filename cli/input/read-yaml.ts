/**
 * A YAML file with a spec, and the lines of its fields.
 */
import { readFileSync } from 'node:fs';
import { isMap, LineCounter, parseDocument, type Document, type Node, type YAMLError } from 'yaml';
import { messageOf, QschedError } from '../../contract/errors.js';
import { isGroup, type Tree } from './values.js';

/** A spec as it was written, and the lines of its fields. */
export interface YamlFile {
  readonly path: string;
  readonly data: Tree;
  /** `:7` for a field in line 7; for an absent field, the line of the group around it. */
  readonly lineOf: (where: readonly PropertyKey[]) => string;
}

/** Maximum depth of groups; anything deeper is an anchor that contains itself. */
const MAX_DEPTH = 50;

/** Reads a file with a spec. @throws QschedError (usage) with the file, and with the line if it is not YAML */
export function readYaml(path: string): YamlFile {
  const lines = new LineCounter();
  // The validator reports wrong keys; the parser would print warnings to stderr.
  const document = parseDocument(readText(path), { lineCounter: lines, logLevel: 'error' });
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken) {
    const { line } = lines.linePos(broken.pos[0]);
    throw new QschedError(
      'usage',
      `${path}:${line}: this is not YAML: ${reasonOf(broken)}`,
      'Fix the line and try again.',
    );
  }
  if (!isMap(document.contents)) {
    throw new QschedError('usage', `${path} does not contain a spec.`, 'Write at least `model: shapes`.');
  }
  const lineOf = (where: readonly PropertyKey[]): string => {
    for (let length = where.length; length > 0; length -= 1) {
      const node = document.getIn(where.slice(0, length), true) as Node | undefined;
      if (node?.range) return `:${lines.linePos(node.range[0]).line}`;
    }
    return '';
  };
  return { path, data: dataOf(document, path), lineOf };
}

function readText(path: string): string {
  let content: Uint8Array;
  try {
    content = readFileSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    const reason =
      code === 'ENOENT'
        ? 'does not exist'
        : `cannot be read (${code === 'EISDIR' ? 'it is a folder' : messageOf(error)})`;
    throw new QschedError(
      'usage',
      `The spec file ${path} ${reason}.`,
      'Use the path of a YAML file, or flags such as --model shapes.',
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new QschedError('usage', `${path} is not UTF-8 text.`, 'Save the file as UTF-8.');
  }
}

/** The first line of the parser's message, without the position and without terms of its API. */
function reasonOf({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here, but a spec is a single document.';
  return message.split('\n')[0]!.replace(/(?:\.)? at line \d+, column \d+:?$/, '.');
}

function dataOf(document: Document, path: string): Tree {
  try {
    return apart(document.toJS()) as Tree;
  } catch (error) {
    throw new QschedError(
      'usage',
      `${path} does not contain a spec: ${messageOf(error)}.`,
      'Fix its anchors and try again.',
    );
  }
}

/** A copy without shared parts: a flag that changes one group must not change another one with the same anchor. */
function apart(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new Error('an anchor contains itself');
  if (Array.isArray(value)) return value.map((one) => apart(one, depth + 1));
  if (!isGroup(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, apart(one, depth + 1)]));
}
