/** What the converged play has, once for all tools: each makes its own language of it. */
export interface BenchTask {
  readonly name: string
  readonly module: 'file' | 'copy' | 'template' | 'lineinfile' | 'blockinfile' | 'group' | 'user' | 'apt' | 'cron'
  readonly params: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** Values that the templates are given. */
export const templateInput = { listen: 8080, workers: 4, peers: ['192.0.2.11', '192.0.2.12', '192.0.2.13'] } as const

const words = ['first', 'second', 'third', 'fourth'] as const

/** The same text in the languages of Rollcall's and Ansible's templates, and as it comes out. */
export function templateText(name: string): { readonly eta: string; readonly jinja: string; readonly text: string } {
  const head = `# ${name}: what an application of some size is told\nname = ${name}\n`
  const tail = Array.from({ length: 10 }, (_, at) => `option_${at} = ${name}-${at}\n`).join('')
  const { listen, workers, peers } = templateInput
  return {
    eta: `${head}listen = <%= it.listen %>\nworkers = <%= it.workers %>\n<% it.peers.forEach((peer) => { -%>\npeer = <%= peer %>\n<% }) -%>\n${tail}`,
    jinja: `${head}listen = {{ listen }}\nworkers = {{ workers }}\n{% for peer in peers %}\npeer = {{ peer }}\n{% endfor %}\n${tail}`,
    text: `${head}listen = ${listen}\nworkers = ${workers}\n${peers.map((peer) => `peer = ${peer}\n`).join('')}${tail}`,
  }
}

const contentOf = (name: string) => Array.from({ length: 12 }, (_, at) => `${name}.${at} = value ${at}\n`).join('')

/** Files that tasks edit: there before the first run. */
export const edited = [1, 2, 3, 4, 5, 6].map((number) => ({
  path: `/etc/bench/edited-${number}.conf`,
  text: Array.from({ length: 20 }, (_, at) => `key${at} = ${number * 100 + at}\n`).join(''),
}))

const blockOf = (number: number) => [`begin ${number}`, `between ${number}`, `end ${number}`]
const markerOf = (number: number) => `# {mark} BENCH ${number}`

/** The thirty tasks of the converged play. */
export const tasks: readonly BenchTask[] = [
  { name: 'package cron', module: 'apt', params: { name: 'cron', state: 'present' } },
  { name: 'package toy', module: 'apt', params: { name: 'rollcall-toy', state: 'present' } },
  { name: 'group one', module: 'group', params: { name: 'bench-one', gid: 3001 } },
  { name: 'group two', module: 'group', params: { name: 'bench-two', gid: 3002 } },
  { name: 'user one', module: 'user', params: { name: 'ben-one', uid: 3001, group: 'bench-one', shell: '/bin/sh', comment: 'Bench one' } },
  { name: 'user two', module: 'user', params: { name: 'ben-two', uid: 3002, group: 'bench-two', shell: '/bin/sh', comment: 'Bench two' } },
  ...words.map((word, at) => ({
    name: `directory ${word}`,
    module: 'file' as const,
    params: { path: `/srv/bench/${word}`, state: 'directory', mode: '0755', owner: at < 2 ? 'ben-one' : 'root', group: 'bench-one' },
  })),
  { name: 'directory private', module: 'file', params: { path: '/srv/bench/private', state: 'directory', mode: '0700' } },
  { name: 'directory shared', module: 'file', params: { path: '/srv/bench/shared', state: 'directory', mode: '2775', group: 'bench-two' } },
  { name: 'link', module: 'file', params: { path: '/srv/bench/current', src: '/srv/bench/first', state: 'link' } },
  { name: 'leftover', module: 'file', params: { path: '/srv/bench/leftover', state: 'absent' } },
  ...words.map((word) => ({
    name: `template ${word}`,
    module: 'template' as const,
    params: { src: word, dest: `/srv/bench/${word}/app.conf`, mode: '0644', owner: 'root', group: 'root' },
  })),
  ...words.map((word) => ({
    name: `content ${word}`,
    module: 'copy' as const,
    params: { dest: `/srv/bench/${word}/extra.conf`, content: contentOf(word), mode: '0640', owner: 'root', group: 'bench-one' },
  })),
  ...[1, 2, 3].map((number) => ({
    name: `line ${number}`,
    module: 'lineinfile' as const,
    params: { path: edited[number - 1]!.path, regexp: '^key7 =', line: `key7 = line ${number}` },
  })),
  ...[4, 5, 6].map((number) => ({
    name: `block ${number}`,
    module: 'blockinfile' as const,
    params: { path: edited[number - 1]!.path, block: blockOf(number).join('\n'), marker: markerOf(number) },
  })),
  { name: 'cron nightly', module: 'cron', params: { name: 'nightly', job: '/usr/bin/true nightly', minute: '15', hour: '3' } },
  { name: 'cron often', module: 'cron', params: { name: 'often', job: '/usr/bin/true often', minute: '*/20' } },
]

/** Texts of files that the tasks write or edit, as they are when all has converged. */
export function convergedFiles(): readonly { readonly path: string; readonly text: string }[] {
  const written = tasks.flatMap(({ module, params }) => {
    if (module === 'template') return [{ path: String(params.dest), text: templateText(String(params.src)).text }]
    return module === 'copy' ? [{ path: String(params.dest), text: String(params.content) }] : []
  })
  const edits = edited.map(({ path, text }, at) => {
    const number = at + 1
    if (number <= 3) return { path, text: text.replace(/^key7 =.*$/m, `key7 = line ${number}`) }
    const mark = (word: string) => `${markerOf(number).replace('{mark}', word)}\n`
    return { path, text: `${text}${mark('BEGIN')}${blockOf(number).join('\n')}\n${mark('END')}` }
  })
  return [...written, ...edits]
}

/** Makes a host bare: as if no task had ever run on it. Root's, at `sh`. */
export const bare = `set -e
rm -rf /srv/bench /etc/bench /var/spool/cron/crontabs/root
for package in cron rollcall-toy; do dpkg -s $package >/dev/null 2>&1 && dpkg --purge $package >/dev/null 2>&1; done
for user in ben-one ben-two; do getent passwd $user >/dev/null && userdel -r $user 2>/dev/null; done
for group in bench-one bench-two; do getent group $group >/dev/null && groupdel $group; done
mkdir /etc/bench /srv/bench
: >/srv/bench/leftover
${edited.map(({ path, text }) => `cat >${path} <<'END'\n${text}END`).join('\n')}
`
