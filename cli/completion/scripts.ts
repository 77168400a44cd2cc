/**
 * Completion scripts for shells. Each asks `qsched complete-line`, which knows the commands, this machine's models and
 * the searches of the data folder; where nothing fits, files are completed.
 */

/** Shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** @param command the words that run this program, such as `node /path/main.js` */
export function completionScript(shell: Shell, command: readonly string[]): string {
  const run = `${command.map(quoted).join(' ')} complete-line --`;
  return { bash, zsh, fish }[shell](run);
}

/** Words of COMP_WORDS are split at colons and equal signs; what bash has of the word already is cut off. */
const bash = (run: string): string => `# qsched completion for bash: source <(qsched completion bash)
_qsched() {
  local line="\${COMP_LINE:0:COMP_POINT}" word cut
  local -a words=()
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  word="\${words[\${#words[@]}-1]}"
  cut="\${word%"\${word##*[:=]}"}"
  [[ "$COMP_WORDBREAKS" == *[:=]* ]] || cut=""
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [[ -n "$candidate" ]] && COMPREPLY+=("\${candidate#"$cut"}")
  done < <(${run} "\${words[@]:1}" 2> /dev/null)
}
complete -o default -F _qsched qsched
`;

const zsh = (run: string): string => `#compdef qsched
# qsched completion for zsh: source <(qsched completion zsh)
_qsched() {
  local -a found
  local line
  while IFS= read -r line; do
    [[ -n "$line" ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(${run} "\${(@)words[2,CURRENT]}" 2> /dev/null)
  if (( \${#found} )); then
    _describe 'qsched' found
  else
    _files
  fi
}
(( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
compdef _qsched qsched
`;

const fish = (run: string): string => `# qsched completion for fish
function __qsched_candidates
  set -l words (commandline -opc) (commandline -ct)
  set -l found (${run} $words[2..-1] 2> /dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c qsched -f -a '(__qsched_candidates)'
`;
