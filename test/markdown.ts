/** The documentation as tests read it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every page, relative to the repository. */
export const PAGES: readonly string[] = [
  'README.md',
  'models/README.md',
  'examples/http-scorer/README.md',
  'examples/module-scorer/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A fenced block of a page. */
export interface Fence {
  /** After the opening fence; empty if there is none. */
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page, in order. */
export function fences(page: string): Fence[] {
  const found: Fence[] = [];
  let open: { readonly language: string; code: string } | null = null;
  for (const line of read(page).split('\n')) {
    const [, language] = /^ *```(.*)$/.exec(line) ?? [];
    if (language === undefined) {
      if (open !== null) open.code += `${line}\n`;
    } else if (open === null) {
      open = { language: language.trim(), code: '' };
    } else {
      found.push(open);
      open = null;
    }
  }
  return found;
}

/** The code of a page's blocks in one language. */
export const blocks = (page: string, language: string): string[] =>
  fences(page).flatMap((fence) => (fence.language === language ? [fence.code] : []));
/** Command lines of a page's blocks, without prompts, comments and what they print; continued lines are joined. */
export const commandLines = (page: string): string[] =>
  fences(page)
    .filter(({ language }) => ['', 'sh', 'bash', 'console'].includes(language))
    .flatMap(({ code }) => code.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+#.*$/, '')
        .trim(),
    )
    .filter((line) => COMMAND.test(line));

const COMMAND =
  /^(?:[A-Z_]+=\S+ )*(?:npx|npm|qsched|temporal|sqlite3|python|pip|node|export|cp|git|docker|systemctl|datasette|duckdb|optuna-dashboard|optimum-cli|\.venv\S*) /;
