/**
 * A YAML file with a spec, and the lines of its fields.
 */
import { readFileSync } from 'node:fs';
import { isMap, LineCounter, parseDocument, type Document, type Node, type YAMLError } from 'yaml';
import { messageOf, QschedError } from '../../contract/errors.js';
import { isGroup, type Tree } from './values.js';

/** A spec as it was written, and the place of each of its fields. */
export interface YamlFile {
  readonly path: string;
  readonly data: Tree;
  /** `:7` for a field in line 7, or for the group around it. */
  readonly lineOf: (where: readonly PropertyKey[]) => string;
}

/** Groups inside each other; more are an anchor that holds itself. */
const DEEPEST = 50;

/** Reads a file with a spec. @throws QschedError (usage) that names the file, and the line where it is not YAML */
export function readYaml(path: string): YamlFile {
  const lines = new LineCounter();
  // What a key should not be is told by the validator, not by the parser on stderr.
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
    throw new QschedError('usage', `${path} holds no spec.`, 'Write at least `model: shapes`.');
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
      'Give the path of a YAML file, or flags such as --model shapes.',
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new QschedError('usage', `${path} is not UTF-8 text.`, 'Save the file as UTF-8.');
  }
}

/** The parser's first line, without the place and without words of its interface. */
function reasonOf({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, and a spec is one.';
  return message.split('\n')[0]!.replace(/(?:\.)? at line \d+, column \d+:?$/, '.');
}

function dataOf(document: Document, path: string): Tree {
  try {
    return apart(document.toJS()) as Tree;
  } catch (error) {
    throw new QschedError('usage', `${path} holds no spec: ${messageOf(error)}.`, 'Fix its anchors and try again.');
  }
}

/** A copy in which nothing is shared: a flag that changes one group must not change another of the same anchor. */
function apart(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new Error('an anchor holds itself');
  if (Array.isArray(value)) return value.map((one) => apart(one, depth + 1));
  if (!isGroup(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, apart(one, depth + 1)]));
}
