import { inLines, Script } from '../util/sh.ts'
import { writeBody } from './write-script.ts'

/*
 * Functions for one `sh` that runs many steps. A process costs more than all that the shell does by itself, so files of
 * one directory are written together: a folder of ours in it, 0700, holds them until all are whole and have their owners
 * and modes; then one `mv` puts them in their places. Whatever is unusual (links, mounts, access lists, a refusal of any
 * kind) is left to the way of single files; when that is found, nothing has been done yet.
 *
 * In the folder everything goes by names from the working directory: whoever owns the directory around it may put
 * another in its place, but not under a process that is in it.
 *
 * Of each write there are two functions: `rc_f7` sets what is asked of file 7, `rc_c7` prints its content.
 */

// Number and code of each step on standard output, its number on standard error: these divide what was printed.
const done = new Script(`rc_done() {
  printf '\\n%s %s %s\\n' "$rc_mark" "$1" "$2"
  printf '\\n%s %s\\n' "$rc_mark" "$1" >&2
  [ "$2" = 0 ] || exit "$2"
}`)

const one = new Script(`rc_one() {
  "rc_f$1"
  nonce=$rc_nonce$1 temporary=$temporary$1 fill=rc_c$1
  (
${writeBody.shown}
  ) </dev/null
  rc_done "$1" $?
}`)

// SELinux labels what is new by its place, so there each is made in its place.
const gather = new Script(`rc_todo= rc_dir= rc_count=0
rc_add() {
  "rc_f$1"
  if [ -e /sys/fs/selinux/enforce ] || [ -L "$dest" ] || [ ! -d "\${dest%/*}/" ] || { [ -e "$dest" ] && [ ! -f "$dest" ]; }; then
    rc_flush
    rc_one "$1"
    return
  fi
  if [ "$rc_dir" != "\${dest%/*}/" ] || [ "$rc_count" = 64 ]; then rc_flush; fi
  rc_dir=\${dest%/*}/ rc_todo="$rc_todo $1" rc_count=$((rc_count + 1))
}
rc_flush() {
  rc_list=$rc_todo rc_todo= rc_count=0
  case $rc_list in
    '') ;;
    ' '*' '*) (rc_together) </dev/null || exit ;;
    *) rc_one "\${rc_list# }" ;;
  esac
}`)

// A command with names of files: those in the folder, or those in their places.
const named = new Script(`rc_new() {
  for rc_i in $rc_some; do
    "rc_f$rc_i"
    set -- "$@" "./\${dest##*/}"
  done
  "$@"
}
rc_old() {
  for rc_i in $rc_some; do
    "rc_f$rc_i"
    set -- "$@" "$dest"
  done
  "$@"
}`)

// The folder is ours when it is where it was made and belongs to us. busybox makes it without the bit by which files
// inherit their group.
const fill = new Script(`rc_enter() {
  mkdir -m 700 -- "$rc_dir$rc_folder" || return
  rc_made=$rc_dir$rc_folder
  cd -P -- "$rc_dir" && rc_place=\${PWD%/} && cd -P -- "./$rc_folder" && [ "$PWD" = "$rc_place/$rc_folder" ] && [ -O . ] || return
  [ ! -g "$rc_dir" ] || [ -g . ]
}
rc_fill() {
  rc_there=
  set -C
  for rc_i in $rc_list; do
    "rc_f$rc_i"
    "rc_c$rc_i" >"./\${dest##*/}" || return
    [ ! -f "$dest" ] || rc_there="$rc_there $rc_i"
  done
  set +C
}`)

// What may refuse to be replaced is left to the way of single files: mv would pass on to the files after it.
const replaceable = new Script(`rc_replaceable() {
  [ ! -k . ] && [ ! -k "$rc_dir" ] && [ -r /proc/self/mountinfo ] || return
  case $rc_place in *[!A-Za-z0-9_.,:@%+=/-]*) return 1 ;; esac
  while read -r rc_m rc_m rc_m rc_m rc_m rc_rest; do
    case $rc_m in "$rc_place"/*) case \${rc_m#"$rc_place"/} in */*) ;; *) return 1 ;; esac ;; esac
  done </proc/self/mountinfo
  rc_some=$rc_there
  if command -v lsattr >/dev/null && rc_old lsattr -d -- | grep -q '^[^ ]*[ia]'; then return 1; fi
  if command -v getfacl >/dev/null && [ -n "$(rc_old getfacl -sp --)" ]; then return 1; fi
}`)

// As for a single file: all of the old file's attributes, or all but its mode, and its owner and mode by name.
const keep = new Script(`rc_like() {
  if [ -z "$rc_some" ] || rc_old rc_attributes; then return; fi
  ! command -v setfacl >/dev/null
}
rc_attributes() {
  cp --attributes-only --preserve=all --no-preserve="$rc_skip" -- "$@" .
}
rc_keep() {
  [ -n "$rc_there" ] || return 0
  rc_replaceable || return
  rc_asked= rc_kept=
  for rc_i in $rc_there; do
    "rc_f$rc_i"
    if [ -n "$mode" ]; then rc_asked="$rc_asked $rc_i"; else rc_kept="$rc_kept $rc_i"; fi
  done
  rc_skip=links,timestamps rc_some=$rc_kept
  rc_like || return
  rc_skip=links,mode,timestamps rc_some=$rc_asked
  rc_like || return
  rc_some=$rc_there
  rc_stat=$(rc_old stat -c '%u:%g %a' --) || return
  set -- $rc_stat
  for rc_i in $rc_there; do
    eval "rc_o$rc_i=\\$1 rc_m$rc_i=\\$2"
    shift 2
  done
}`)

// Owners first, then modes: a change of owner clears special bits. Neighbours with the same go in one command.
const attributes = new Script(`rc_attribute() {
  rc_same= rc_some=
  for rc_i in $rc_list; do
    "rc_f$rc_i"
    eval "rc_k=\\\${rc_o$rc_i-} rc_b=\\\${rc_m$rc_i:-0644}"
    : "\${mode:=$rc_b}"
    if [ -n "$rc_k" ]; then : "\${owner:=\${rc_k%:*}}" "\${group:=\${rc_k#*:}}"; fi
    if [ "$1" = chmod ]; then rc_value=$mode; else rc_value=$owner\${group:+:$group}; fi
    if [ "$rc_value" != "$rc_same" ]; then
      rc_next=$rc_i
      rc_set "$1" || return
      rc_same=$rc_value rc_i=$rc_next
    fi
    rc_some="$rc_some $rc_i"
  done
  rc_set "$1"
}
rc_set() {
  if [ -n "$rc_same" ] && [ -n "$rc_some" ]; then rc_new "$1" -- "$rc_same" || return; fi
  rc_some=
}`)

// Of many files each one's own sync costs more than that of the file system they are on. busybox and coreutils before
// 8.24 sync everything instead, which is slow and right.
const together = new Script(`rc_prepare() {
  rc_enter && rc_fill && rc_keep && rc_attribute chown && rc_attribute chmod || return
  rc_some=$rc_list
  if [ "$rc_files" -gt 8 ]; then sync -f . || sync; else rc_new sync || sync; fi
}
rc_move() {
  mv -f -- "$@" "$rc_dir"
}
rc_drop() {
  cd /
  [ -z "$rc_made" ] || rm -rf -- "$rc_made"
  rc_made=
}
rc_together() {
  rc_folder=.rollcall-files-$rc_nonce rc_made=
  trap rc_drop EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if ! rc_prepare 2>/dev/null; then
    set +C
    rc_drop
    for rc_each in $rc_list; do rc_one "$rc_each"; done
    return
  fi
  if rc_new rc_move 2>/dev/null; then
    cd / && rmdir -- "$rc_made" && rc_made=
    printf "\\\\n$rc_mark %s 0\\\\n" $rc_list
    return
  fi
  rc_stopped=
  for rc_each in $rc_list; do
    "rc_f$rc_each"
    if [ -e "./\${dest##*/}" ]; then rc_one "$rc_each"; else rc_done "$rc_each" 0; fi
  done
}`)

/** Defines `rc_add` for a write, `rc_flush` before anything else, `rc_done` after it; needs `rc_mark`, `rc_nonce` and the number `rc_files`. */
export const manySteps: Script = inLines([done, one, gather, named, fill, replaceable, keep, attributes, together])
