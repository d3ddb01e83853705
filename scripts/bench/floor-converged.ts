import { createHash } from 'node:crypto'
import { convergedFiles, edited, tasks } from './tasks.ts'

const of = (module: string) => tasks.filter((task) => task.module === module).map(({ params }) => params)
const quoted = (text: string) => `'${text.replaceAll(`'`, `'\\''`)}'`
const text = (value: unknown) => String(value)
const owner = (params: Readonly<Record<string, unknown>>) => `${params.owner ?? 'root'}:${params.group ?? 'root'}`

/** What `stat` says of everything that has an owner, a mode or a place. */
function attributes(): readonly string[] {
  const kinds = { directory: 'directory', link: 'symbolic link' } as const
  const made = of('file')
    .filter(({ state }) => state !== 'absent')
    .map((params) => {
      const kind = kinds[params.state as keyof typeof kinds]
      const name = params.state === 'link' ? `'${params.path}' -> '${params.src}'` : `'${params.path}'`
      return `${name} ${kind} ${params.state === 'link' ? '777' : text(params.mode).replace(/^0/, '')} ${owner(params)}`
    })
  const written = [...of('template'), ...of('copy')].map(
    (params) => `'${params.dest}' regular file ${text(params.mode).replace(/^0/, '')} ${owner(params)}`,
  )
  return [...made, ...written]
}

/** What `grep -nFx` says of the lines that edits have left. */
function editedLines(): { readonly wanted: readonly string[]; readonly found: readonly string[] } {
  const files = new Map(convergedFiles().map((file) => [file.path, file.text.split('\n')]))
  const wanted = [
    ...of('lineinfile').map(({ line }) => text(line)),
    ...of('blockinfile').flatMap(({ marker, block }) => [
      text(marker).replace('{mark}', 'BEGIN'),
      ...text(block).split('\n'),
      text(marker).replace('{mark}', 'END'),
    ]),
  ]
  const found = edited.flatMap(({ path }) =>
    files.get(path)!.flatMap((line, at) => (wanted.includes(line) ? [`${path}:${at + 1}:${line}`] : [])),
  )
  return { wanted, found }
}

const accounts = () => of('user').map(({ name, uid, comment, shell }) => `${name}:x:${uid}:${uid}:${comment}:/home/${name}:${shell}`)
const groups = () => of('group').map(({ name, gid }) => `${name}:x:${gid}:`)
const cronLines = () => of('cron').map(({ minute, hour, job }) => `${minute} ${hour ?? '*'} * * * ${job}`)

/**
 * The thirty checks by hand, in as few processes as it takes: one `stat`, `sha256sum`, `grep`, `dpkg-query` and `crontab` for all of their
 * kind, two of `getent`. It says nothing of what differs but where; what is missing in it is all that makes a tool.
 */
export function floorChecks(): string {
  const files = [...of('template'), ...of('copy')].map(({ dest }) => text(dest))
  const sums = convergedFiles()
    .filter(({ path }) => files.includes(path))
    .map((file) => `${createHash('sha256').update(file.text).digest('hex')}  ${file.path}`)
  const made = of('file').filter(({ state }) => state !== 'absent')
  const gone = of('file').filter(({ state }) => state === 'absent')
  const lines = editedLines()
  const packages = of('apt').map(({ name }) => text(name))
  const paths = [...made.map(({ path }) => text(path)), ...files]
  return `LC_ALL=C; export LC_ALL
differs() { echo "differs: $1"; exit 1; }
[ "$(stat -c '%N %F %a %U:%G' ${paths.join(' ')} 2>&1)" = ${quoted(attributes().join('\n'))} ] || differs attributes
${gone.map(({ path }) => `[ ! -e ${path} ] || differs ${path}`).join('\n')}
[ "$(sha256sum ${files.join(' ')} 2>&1)" = ${quoted(sums.join('\n'))} ] || differs contents
[ "$(grep -nFx ${lines.wanted.map((line) => `-e ${quoted(line)}`).join(' ')} ${edited.map(({ path }) => path).join(' ')} 2>&1)" = ${quoted(lines.found.join('\n'))} ] || differs lines
[ "$(getent passwd ${of('user')
    .map(({ name }) => name)
    .join(' ')})" = ${quoted(accounts().join('\n'))} ] || differs users
[ "$(getent group ${of('group')
    .map(({ name }) => name)
    .join(' ')})" = ${quoted(groups().join('\n'))} ] || differs groups
[ "$(dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${[...packages].sort().join(' ')} 2>&1)" = ${quoted(
    [...packages]
      .sort()
      .map((name) => `${name} installed`)
      .join('\n'),
  )} ] || differs packages
entries=$(crontab -l)
${cronLines()
  .map((line) => `case "\n$entries\n" in *"\n"${quoted(line)}"\n"*) ;; *) differs cron ;; esac`)
  .join('\n')}
echo done
`
}

/** The thirty tasks done by hand on a bare host, in whatever order is quickest, asking nothing first. */
export function floorFirst(): string {
  const install = of('apt')
    .map(({ name }) => name)
    .join(' ')
  const write = (path: string, content: string) => `cat >${path} <<'END'\n${content}END`
  const made = of('file').filter(({ state }) => state === 'directory')
  const links = of('file').filter(({ state }) => state === 'link')
  const texts = convergedFiles()
  return `set -e
umask 022
export DEBIAN_FRONTEND=noninteractive
apt-get install -y ${install} </dev/null >/dev/null 2>&1
${of('group')
  .map(({ name, gid }) => `groupadd -g ${gid} ${name}`)
  .join('\n')}
${of('user')
  .map(({ name, uid, group, shell, comment }) => `useradd -m -u ${uid} -g ${group} -s ${shell} -c '${comment}' ${name}`)
  .join('\n')}
mkdir ${made.map(({ path }) => path).join(' ')}
${made.map((params) => `chown ${owner(params)} ${params.path}; chmod ${params.mode} ${params.path}`).join('\n')}
${links.map(({ path, src }) => `ln -s ${src} ${path}`).join('\n')}
rm -rf ${of('file')
    .filter(({ state }) => state === 'absent')
    .map(({ path }) => path)
    .join(' ')}
${texts.map(({ path, text: content }) => write(path, content)).join('\n')}
${[...of('template'), ...of('copy')].map((params) => `chown ${owner(params)} ${params.dest}; chmod ${params.mode} ${params.dest}`).join('\n')}
crontab - <<'END'
${cronLines().join('\n')}
END
echo done
`
}
