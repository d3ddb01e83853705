// What the type-check of a big project costs: a generated inventory and a playbook of many tasks, in the compiler's own
// counts, which do not depend on the machine. `node scripts/type-budget.mjs` prints a table; a test holds the budget.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Hosts spread over groups; each is in two, some override vars, some declare facts or no private address. Regions are groups of groups. */
function inventory({ hosts, groups, regions = 0 }) {
  const lines = [`import { defineInventory, ssh } from 'rollcall'`, 'export const inventory = defineInventory({', '  groups: {']
  lines.push(`    all: { vars: { domain: 'example.test', ntp: ['192.0.2.1', '192.0.2.2'], retries: 3 } },`)
  for (let group = 0; group < groups; group++)
    lines.push(
      `    group${group}: { vars: { port${group}: ${8000 + group}, name${group}: 'service-${group}', on${group}: true, limits${group}: { files: 1024, users: ['app'] } }, connection: ssh({ user: 'admin' }) },`,
    )
  for (let region = 0; region < regions; region++) {
    const below = Array.from({ length: groups }, (_, group) => `'group${group}'`).filter((_, group) => group % regions === region)
    lines.push(
      `    region${region}: { children: [${below.join(', ')}], vars: { region: 'region-${region}', mirror${region}: '192.0.2.${region}' } },`,
    )
  }
  lines.push('  },', '  hosts: {')
  for (let host = 0; host < hosts; host++) {
    const [one, other] = [host % groups, (host * 7 + 3) % groups]
    const member = one === other ? `['group${one}']` : `['group${one}', 'group${other}']`
    const address = host % 50 === 49 ? '' : ` privateIp: '10.${host >> 16}.${(host >> 8) & 255}.${host & 255}',`
    const vars = host % 3 === 0 ? ` vars: { port${one}: ${9000 + (host % 900)}, retries: ${host % 9} },` : ''
    const facts = host % 40 === 7 ? ' facts: { hardware: { memoryMb: 2048 } },' : ''
    lines.push(`    'host-${host}': { groups: ${member},${address}${vars}${facts} },`)
  }
  return [...lines, '  },', `  overridable: ['domain', 'retries'],`, '})', ''].join('\n')
}

const template = `import { defineTemplate, fleetGroup, value } from 'rollcall'
export const list = defineTemplate({
  file: 'list.eta',
  input: { nodes: fleetGroup<{ vars: { retries: number }; facts: 'os' }>(), title: value<string>() },
  data: ({ nodes, title }) => ({ title, names: nodes.map((node) => node.name), known: nodes.withFacts().map((node) => node.facts.os.kernel) }),
})
`

/** Ten shapes of task in turn: constants, closures, results, lists, conditions, handlers, templates. */
function playbook({ tasks, groups }) {
  const plays = Math.ceil(tasks / 40)
  const lines = [
    `import { apt, assert, command, copy, debug, definePlaybook, file, reloaded, restarted, service, sh, shell, stat, systemdUnit, template, waitFor } from 'rollcall'`,
    `import { inventory } from '#inventory'`,
    `import { list } from './templates.ts'`,
    `export default definePlaybook('big', inventory, (play) => {`,
  ]
  for (let at = 0; at < plays; at++) {
    const group = at % groups
    lines.push(
      `  play('play ${at}', { hosts: 'group${group}', facts: { of: 'group${(group + 1) % groups}', families: ['os', 'network', 'hardware'] }, become: true }, ({ task, handler }) => {`,
      `    const restart = handler('restart', restarted({ service: 'app' }))`,
      `    const reload = handler('reload', ({ host }) => reloaded({ service: host.vars.name${group} }))`,
    )
    for (let number = 0; number < Math.min(40, tasks - at * 40); number++) {
      const shapes = [
        `task('t${number}', apt({ name: ['curl', 'git'], state: 'present' }))`,
        `task('t${number}', ({ host }) => file({ path: \`/srv/\${host.name}/${number}\`, state: 'directory', mode: '0755', owner: 'root' }))`,
        `const r${number} = task('t${number}', stat({ path: '/etc/hosts' }))`,
        `task('t${number}', ({ host, facts, result }) => copy({ dest: '/etc/app/${number}', content: \`\${host.vars.port${group}} \${facts.os.kernel} \${facts.hardware.memoryMb} \${result(r${number - (number % 10) + 2}).stat.exists}\`, mode: '0644' }), { notify: restart })`,
        `task('t${number}', ({ fleet }) => template({ src: list({ nodes: fleet.group('group${(group + 2) % groups}'), title: 'all' }), dest: '/etc/app/list${number}', validate: (path) => sh\`test -s \${path}\` }), { notify: [restart, reload] })`,
        `task('t${number}', service({ name: 'app', state: 'started', enabled: true }), { when: ({ host }) => host.vars.on${group} && host.vars.retries > 1 })`,
        `const c${number} = task('t${number}', command({ argv: ['app', '--check'], creates: '/run/app' }))`,
        `task('t${number}', ({ result }) => debug({ msg: \`ran: \${result(c${number - (number % 10) + 6}).ran}\` }), { when: ({ result }) => result(c${number - (number % 10) + 6}).changed })`,
        `task('t${number}', ({ targets, host }) => targets.map((node) => file({ path: \`/srv/peers/\${node.name}-\${host.privateIp ?? 'none'}\`, state: 'touch' })))`,
        `task('t${number}', ({ fleet }) => assert({ that: fleet.group('group${(group + 3) % groups}').filter((node) => node.vars.retries > 0).length > 0 }))`,
      ]
      lines.push(`    ${shapes[number % 10]}`)
    }
    lines.push('  })')
  }
  return [...lines, '})', ''].join('\n')
}

/**
 * Type-checks a generated project and gives the compiler's counts.
 * @returns {{ errors: string, instantiations: number, types: number, symbols: number, memoryK: number, seconds: number }}
 */
export function measure(size) {
  const folder = join(root, '.rollcall', `type-budget-${process.pid}-${size.hosts}-${size.tasks}`)
  mkdirSync(folder, { recursive: true })
  try {
    const write = (name, text) => writeFileSync(join(folder, name), text)
    write('inventory.ts', inventory(size))
    write('templates.ts', template)
    write('playbook.ts', size.tasks === 0 ? `import { inventory } from '#inventory'\nexport default inventory\n` : playbook(size))
    const compilerOptions = { rootDir: root, paths: { '#inventory': [join(folder, 'inventory.ts')] } }
    write('tsconfig.json', JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files: ['playbook.ts'], include: [] }))
    const tsc = join(root, 'node_modules/.bin/tsc')
    let output
    try {
      output = execFileSync(tsc, ['-p', join(folder, 'tsconfig.json'), '--extendedDiagnostics', '--pretty', 'false'], {
        encoding: 'utf8',
        maxBuffer: 1e9,
      })
    } catch (error) {
      output = error.stdout ?? String(error)
    }
    const count = (name) => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(output)?.[1] ?? Number.NaN)
    return {
      errors: output
        .split('\n')
        .filter((line) => line.includes('error TS'))
        .join('\n'),
      instantiations: count('Instantiations'),
      types: count('Types'),
      symbols: count('Symbols'),
      memoryK: count('Memory used'),
      seconds: count('Total time'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The sizes of the table; the test asserts the one called `big`. */
export const sizes = {
  small: { hosts: 2, groups: 2, tasks: 10 },
  tasks: { hosts: 2, groups: 2, tasks: 400 },
  inventory: { hosts: 500, groups: 20, tasks: 0 },
  big: { hosts: 500, groups: 20, tasks: 400 },
  regions: { hosts: 500, groups: 20, tasks: 400, regions: 4 },
  huge: { hosts: 2000, groups: 20, tasks: 400 },
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const chosen = process.argv.slice(2)
  const rows = Object.entries(sizes)
    .filter(([name]) => chosen.length === 0 || chosen.includes(name))
    .map(([name, size]) => {
      const { errors, ...counts } = measure(size)
      if (errors !== '') process.stderr.write(`${name}:\n${errors.split('\n').slice(0, 5).join('\n')}\n`)
      return [name, { ...size, ...counts }]
    })
  const table = [['', ...Object.keys(rows[0][1])], ...rows.map(([name, counts]) => [name, ...Object.values(counts)])]
  for (const row of table)
    process.stdout.write(`${row.map((cell, at) => (at === 0 ? cell.padEnd(10) : String(cell).padStart(15))).join('')}\n`)
}
