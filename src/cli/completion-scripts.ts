/** Shells for which there is a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

// Bash takes a word apart at : and =, as readline does, and puts back only the last part: that much is cut off each
// candidate. It works on bash 3.2 as well, which macOS has.
const bash = String.raw`# Completion of rollcall for bash. Put this into ~/.bashrc:
#   source <(rollcall completion bash)
_rollcall() {
  local line=${'$'}{COMP_LINE:0:COMP_POINT} current cut= value about breaks
  local -a words
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  current=${'$'}{words[${'$'}{#words[@]}-1]}
  case $current in
    [\'\"]*) current=${'$'}{current#?} ;;
    *)
      breaks=${'$'}{COMP_WORDBREAKS//[^:=]/}
      if [ -n "$breaks" ] && [[ $current == *[$breaks]* ]]; then
        cut=${'$'}{current%[$breaks]*}
        cut=${'$'}{current:0:${'$'}{#cut}+1}
      fi
      current=${'$'}{current//\\/}
      cut=${'$'}{cut//\\/}
      ;;
  esac
  words[${'$'}{#words[@]}-1]=$current
  COMPREPLY=()
  while IFS=$'\t' read -r value about; do
    COMPREPLY+=("${'$'}{value#"$cut"}")
  done < <("${'$'}{COMP_WORDS[0]/#\~/$HOME}" --complete "${'$'}{words[@]:1}" 2>/dev/null)
}
complete -o default -F _rollcall rollcall
`

const zsh = String.raw`#compdef rollcall
# Completion of rollcall for zsh. Put this into ~/.zshrc, or store it as _rollcall in a folder of $fpath:
#   source <(rollcall completion zsh)
_rollcall() {
  local value about
  local -a values
  while IFS=$'\t' read -r value about; do
    values+=("${'$'}{value//:/\\:}${'$'}{about:+:$about}")
  done < <("${'$'}{(Q)words[1]/#\~/$HOME}" --complete "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)
  if (( $#values )); then _describe -V rollcall values; else _files; fi
}
if [[ $funcstack[1] == _rollcall ]]; then
  _rollcall "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _rollcall rollcall
fi
`

const fish = `# Completion of rollcall for fish. Put this into ~/.config/fish/config.fish, or store it as
# ~/.config/fish/completions/rollcall.fish:
#   rollcall completion fish | source
function __rollcall_complete
  set -l words (commandline -opc)
  set -l program (string replace -r '^~' $HOME -- $words[1])
  set -e words[1]
  set -l current (commandline -ct)
  $program --complete $words "$current" 2>/dev/null
end
complete -c rollcall -f -a '(__rollcall_complete)'
`

/** What a shell reads to complete rollcall's commands, options and values: it asks `rollcall --complete`. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
