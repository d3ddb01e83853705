import { findRecords, membersFunction } from '../resources/unpacked.ts'
import { Script, sh } from '../util/sh.ts'
import type { UnarchiveParams } from './unarchive.ts'

const prologue = new Script(`LC_ALL=C; export LC_ALL
private=
trap '[ -z "$private" ] || rm -rf -- "$private"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
umask 077
fail() {
  printf 'cannot unpack %s: %s\\n' "$src" "$1" >&2
  exit 1
}
needs() { command -v "$1" >/dev/null 2>&1 || fail "this host has no $1; install it by a task before this one: apt({ name: '$2' })"; }
private=$(mktemp -d "\${TMPDIR:-/tmp}/rollcall.XXXXXXXXXX") || { private=; fail 'no temporary folder can be made'; }`)

// By what stands in it, not by its name.
const recognise = new Script(`case $(head -c 6 -- "$archive" | od -An -tx1 | tr -d ' \\n') in
  1f8b*) needs gzip gzip; plain() { gzip -dc; };;
  425a68*) needs bzip2 bzip2; plain() { bzip2 -dc; };;
  fd377a585a00*) needs xz xz-utils; plain() { xz -dc; };;
  28b52ffd*) needs zstd zstd; plain() { zstd -dc; };;
  504b0304* | 504b0506*) needs unzip unzip; zip=1;;
  '') fail 'it is empty';;
  *) plain() { cat; };;
esac`)

// From a long listing: members that are absolute or climb, and links that lead out. Where a name is ambiguous it is refused.
// busybox shows a hard link as a file with an arrow.
const hostile = new Script(`hostile() {
  awk -v gnu="$gnu" '
    function out(what) { print what; found = 1; exit }
    {
      type = substr($0, 1, 1); name = $0; target = ""
      if (type == "l" || type == "h" || !gnu) {
        at = index(name, " -> "); long = 4
        hard = index(name, " link to ")
        if (gnu && hard && (!at || hard < at)) { at = hard; long = 9 }
        if (at) { target = substr(name, at + long); name = substr(name, 1, at - 1) }
      }
      sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "", name)
      if (name ~ /^\\//) out(name)
      if (name ~ /(^|[ \\/])[.][.](\\/|$)/) out(name)
      if (target == "") next
      if (target ~ /^\\/|( -> | link to )/) out(name " -> " target)
      sub(/^([.]\\/)+/, "", name)
      depth = type == "l" ? gsub(/\\//, "/", name) : 0
      count = split(target, part, "/")
      for (i = 1; i <= count; i++) {
        if (part[i] == "..") { if (--depth < 0) out(name " -> " target) }
        else if (part[i] != "" && part[i] != ".") depth++
      }
    }
    END { exit found }' <"$private/long"
}
refuse_hostile() {
  bad=$(hostile) || fail "its member $bad leads out of the directory it is unpacked in; nothing was unpacked"
  ! grep -qi 'removing leading' "$private/say" || fail 'members of it lead out of the directory it is unpacked in; nothing was unpacked'
}`)

const tar = new Script(`needs tar tar
case $(tar --version 2>&1) in *'GNU tar'*) gnu=1;; *) gnu=;; esac
plain <"$archive" 2>"$private/broken" | tar -tvf - >"$private/long" 2>"$private/say" || fail "$(tail -n 3 "$private/say"; cat "$private/broken")"
refuse_hostile
[ -n "$gnu" ] || [ -z "$newer$exclude" ] || fail "this host's tar knows neither keepNewer nor exclude; install one that does: apt({ name: 'tar' })"
set -- "$@" -xvf -
[ -z "$gnu" ] || set -- "$@" --quoting-style=literal --show-transformed-names
[ -z "$newer" ] || set -- "$@" --keep-newer-files`)
const untar =
  new Script(`( umask 022; cd -- "$dest" && plain <"$archive" 2>"$private/broken" | tar "$@" ) >"$private/names" 2>"$private/say" ||
  fail "$(tail -n 5 "$private/say"; cat "$private/broken")"`)

const zipList = new Script(`case $(unzip -v 2>&1) in *Info-ZIP*) gnu=1;; *) gnu=;; esac
: >"$private/say"
if [ -n "$gnu" ]; then
  unzip -Z "$archive" >"$private/all" 2>"$private/say" || fail "$(cat "$private/say" "$private/all" | tail -n 3)"
  sed -n 's/^[-d?][^ ]* .* [0-9][0-9]:[0-9][0-9] /- - - - - /p' "$private/all" >"$private/long"
  sed -n 's/^l[^ ]* .* [0-9][0-9]:[0-9][0-9] //p' "$private/all" >"$private/links"
  while IFS= read -r name; do
    pattern=$(printf '%s\\n' "$name" | sed 's/[][*?\\\\]/\\\\&/g')
    printf 'l - - - - %s -> %s\\n' "$name" "$(unzip -p "$archive" "$pattern" </dev/null)"
  done <"$private/links" >>"$private/long"
else
  unzip -l "$archive" >"$private/all" 2>"$private/say" || fail "$(tail -n 3 "$private/say")"
  sed -n 's/^ *[0-9][0-9]* *[0-9-]* [0-9:]*   /- - - - - /p' "$private/all" >"$private/long"
  [ -z "$newer" ] || fail "this host's unzip does not know keepNewer; install one that does: apt({ name: 'unzip' })"
fi
refuse_hostile`)
const unzipIt = new Script(`if [ -n "$gnu" ]; then unzip -Z1 "$archive" "$@" >"$private/names" 2>/dev/null
else unzip -l "$archive" "$@" | sed -n 's/^ *[0-9][0-9]* *[0-9-]* [0-9:]*   //p' >"$private/names"
fi
options=-oq
[ -z "$newer" ] || options=-uoq
( umask 022; unzip $options "$archive" "$@" -d "$dest" ) </dev/null >"$private/say" 2>&1
rc=$?
[ "$rc" -le 1 ] || fail "$(tail -n 5 "$private/say")"`)

const attributes = new Script(`sed -e 's|^\\(\\./\\)*||' -e 's|/*$||' -e '/^$/d' -e 's|^|./|' "$private/names" >"$private/list"
cd -- "$dest" || fail 'its directory is gone'
if [ -n "$owners" ]; then
  m=$(tr '\\n' '\\0' <"$private/list" | xargs -0 chown -h -- "$owners" 2>&1) || fail "the owner cannot be set to $owners ($m)"
fi
if [ -n "$mode" ]; then
  while IFS= read -r name; do [ -L "$name" ] || printf '%s\\n' "$name"; done <"$private/list" >"$private/real"
  m=$(tr '\\n' '\\0' <"$private/real" | xargs -0 chmod -- "$mode" 2>&1) || fail "the mode cannot be set to $mode ($m)"
fi`)

// Made before anything is unpacked: without a record the next run would unpack again.
const openRecord = new Script(`new=$records/.$record-$$
{ mkdir -p -- "$records" && : >"$new"; } 2>"$private/say" || fail "its record cannot be kept ($(tail -n 1 "$private/say"))"
trap 'rm -rf -- "$private" "$new"' EXIT`)
const keepRecord = new Script(`mask "$flags"
{ printf '%s %s\\n' "$sum" "$flags"; members "$mask" <"$private/list"; } >"$new" && mv -f -- "$new" "$records/$record" || fail 'its record cannot be kept'`)

/** Which attributes the record holds, so that a later look compares them. */
const flagsOf = ({ owner, group, mode }: UnarchiveParams) =>
  `${owner === undefined && group === undefined ? '' : 'o'}${mode === undefined ? '' : 'm'}` || '-'

/**
 * Unpacks an archive: from standard input, or one that lies on the host. Nothing is unpacked that leads out of the
 * directory; what was unpacked is recorded at last.
 * @param size Of what comes by standard input.
 */
export function unarchiveScript(params: UnarchiveParams, dest: string, record: string, sum: string, size: number): Script {
  const { src, remoteSrc, include = [], exclude = [], keepNewer, owner, group, mode, extraOpts = [] } = params
  return sh`src=${String(src)} dest=${dest} record=${record} sum=${sum} flags=${flagsOf(params)} zip= newer=${keepNewer ? 1 : ''}
owners=${`${owner ?? ''}${group === undefined ? '' : `:${group}`}`} mode=${mode ?? ''} exclude=${exclude.length > 0 ? 1 : ''}
${prologue}
${
  remoteSrc
    ? sh`archive=${String(src)}`
    : sh`archive=$private/archive; cat >"$archive" || fail 'it could not be stored'
n=$(wc -c <"$archive")
[ "$((n))" = ${size} ] || fail "$((n)) of ${size} bytes arrived"`
}
[ -d "$dest" ] || fail "the directory $dest does not exist"
${recognise}
${findRecords}
${membersFunction}
${hostile}
${openRecord}
if [ -n "$zip" ]; then
  ${zipList}
  set -- ${[...include, ...(exclude.length > 0 ? ['-x', ...exclude] : [])]}
  ${extraOpts.length > 0 ? sh`fail 'extraOpts are options of tar, and it is a zip file'` : sh`:`}
  ${unzipIt}
else
  set -- ${[...extraOpts, ...exclude.map((pattern) => `--exclude=${pattern}`)]}
  ${tar}
  set -- "$@" -- ${include}
  ${untar}
fi
${attributes}
${keepRecord}`
}
