import { describe, expect, test } from 'vitest'
import { RollcallError } from '../../src/model/errors.ts'
import { changedLines, editOf, editText } from './desk.ts'

const file = (
  hosts: string,
  groups = `    all: { vars: { domain: 'x.test', tags: ['a'] } },\n    web: { vars: { port: 80, tls: true } },\n    db: {},`,
) =>
  `import { defineInventory, ssh } from 'rollcall'

export const inventory = defineInventory({
  groups: {
${groups}
  },
  hosts: {
${hosts}
  },
})
`
const one = file(`    'web-1': { groups: ['web'], privateIp: '10.0.0.1' }, // the first`)

function linesOf(before: string, after: string): readonly string[] {
  const { old, fresh } = changedLines(before, after)
  return [...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)]
}

const edited: readonly (readonly [what: string, text: string, command: string, lines: readonly string[]])[] = [
  [
    'a host is written as its neighbours are',
    one,
    'add web-2 --group web,db --private-ip 10.0.0.2 --set port=8080',
    [`+    'web-2': { groups: ['web', 'db'], privateIp: '10.0.0.2', vars: { port: 8080 } },`],
  ],
  [
    'no comma is needed behind the last one',
    file(`    a: { groups: [] }`),
    'add b',
    ['-    a: { groups: [] }', '+    a: { groups: [] },', '+    b: { groups: [] }'],
  ],
  [
    'tall as they are, in their quotes, with tabs',
    file('\t\t"web-1": {\n\t\t\t"groups": ["web"],\n\t\t\t"privateIp": "10.0.0.1"\n\t\t}').replaceAll(`'`, '"'),
    'add web_2 --group web --address host.example --port 22',
    ['+\t\t},', '+\t\t"web_2": {', '+\t\t\t"groups": ["web"],', `+\t\t\t"connection": ssh({ "address": "host.example", "port": 22 }),`],
  ],
  [
    'on one line where all are',
    file('a:{groups:[ "web" ]}, b:{groups:[ "db" ]}'),
    'add c --group db',
    ['-a:{groups:[ "web" ]}, b:{groups:[ "db" ]}', `+a:{groups:[ "web" ]}, b:{groups:[ "db" ]}, c: { groups: [ 'db' ] }`],
  ],
  [
    'the connection that all others have',
    file(`    a: { groups: [], connection: ssh() },\n    b: { groups: [], connection: 'local' },`),
    'add c',
    [`+    c: { groups: [] },`],
  ],
  [
    'an import that is missing',
    file(`    a: { groups: [], connection: 'local' },`).replace(', ssh', ''),
    'add c --user root',
    [`-import { defineInventory } from 'rollcall'`, `+import { defineInventory, ssh } from 'rollcall'`],
  ],
  [
    'a var where it stands',
    one,
    'set web port=8080',
    [`-    web: { vars: { port: 80, tls: true } },`, `+    web: { vars: { port: 8080, tls: true } },`],
  ],
  [
    'a var more',
    one,
    'set all retries:=3 --new',
    [`-    all: { vars: { domain: 'x.test', tags: ['a'] } },`, `+    all: { vars: { domain: 'x.test', tags: ['a'], retries: 3 } },`],
  ],
  [
    'the first var of a host',
    one,
    'set web-1 tags=x,y',
    [
      `-    'web-1': { groups: ['web'], privateIp: '10.0.0.1' }, // the first`,
      `+    'web-1': { groups: ['web'], privateIp: '10.0.0.1', vars: { tags: ['x', 'y'] } }, // the first`,
    ],
  ],
  ['the first var of a group', one, `set db note=it's --new`, ['-    db: {},', `+    db: { vars: { note: "it's" } },`]],
  [
    'addresses',
    one,
    'set web-1 --private-ip 10.0.0.9 --user root',
    [
      `-    'web-1': { groups: ['web'], privateIp: '10.0.0.1' }, // the first`,
      `+    'web-1': { groups: ['web'], privateIp: '10.0.0.9', connection: ssh({ user: 'root' }) }, // the first`,
    ],
  ],
  [
    'a setting of ssh',
    file(`    a: { groups: [], connection: ssh({ user: 'x' /* me */ }) },`),
    'set a --port 2222 --user y',
    [
      `-    a: { groups: [], connection: ssh({ user: 'x' /* me */ }) },`,
      `+    a: { groups: [], connection: ssh({ user: 'y' /* me */, port: 2222 }) },`,
    ],
  ],
  ['what is so already', one, 'set web port=80', []],
  ['a var goes', one, 'unset web port', [`-    web: { vars: { port: 80, tls: true } },`, `+    web: { vars: { tls: true } },`]],
  [
    'the last var goes with vars',
    file(`    a: {\n      groups: ['web'],\n      vars: { port: 1 }, // odd\n    },`),
    'unset a port',
    ['-      vars: { port: 1 }, // odd'],
  ],
  [
    'a comment among vars keeps them',
    file(`    a: { groups: ['web'], vars: { /* why */ port: 1 } },`),
    'unset a port',
    [`-    a: { groups: ['web'], vars: { /* why */ port: 1 } },`, `+    a: { groups: ['web'], vars: { /* why */ } },`],
  ],
  [
    'a name in its quotes',
    file(`    "a": { groups: ['web'] },`),
    'rename a b',
    [`-    "a": { groups: ['web'] },`, `+    "b": { groups: ['web'] },`],
  ],
  [
    'a name that needs quotes',
    file(`    a: { groups: ['web'] },`),
    'rename a a-1',
    [`-    a: { groups: ['web'] },`, `+    'a-1': { groups: ['web'] },`],
  ],
  [
    'a group wherever it stands',
    file(`    a: { groups: ["web", 'db'] },`),
    'rename web www',
    [
      `-    web: { vars: { port: 80, tls: true } },`,
      '-    db: {},',
      '-  },',
      '-  hosts: {',
      `-    a: { groups: ["web", 'db'] },`,
      `+    www: { vars: { port: 80, tls: true } },`,
      '+    db: {},',
      '+  },',
      '+  hosts: {',
      `+    a: { groups: ["www", 'db'] },`,
    ],
  ],
  [
    'a host and the comment that tells of it',
    file(`    // ours\n    a: { groups: [] },\n    // b is old\n    // very old\n    b: { groups: [] }, // so\n    c: { groups: [] },`),
    'remove b',
    ['-    // b is old', '-    // very old', '-    b: { groups: [] }, // so'],
  ],
  [
    'a host, and not the comment above several',
    file(`    // the web hosts\n    b: { groups: [] },\n    c: { groups: [] },`),
    'remove b',
    ['-    b: { groups: [] },'],
  ],
  [
    'the last host of a line',
    file(`a: { groups: [] }, b: { groups: [] },\nc: { groups: [] }`),
    'remove b',
    ['-a: { groups: [] }, b: { groups: [] },', '+a: { groups: [] },'],
  ],
  [
    'a host with the import that only it needed',
    file(`    a: { groups: [] },\n    b: { groups: [], connection: ssh() },`),
    'remove b',
    [`-import { defineInventory, ssh } from 'rollcall'`, `+import { defineInventory } from 'rollcall'`],
  ],
  [
    'a group more',
    one,
    'move web-1 --add db',
    [
      `-    'web-1': { groups: ['web'], privateIp: '10.0.0.1' }, // the first`,
      `+    'web-1': { groups: ['web', 'db'], privateIp: '10.0.0.1' }, // the first`,
    ],
  ],
  [
    'other groups',
    one,
    'move web-1 --group db',
    [
      `-    'web-1': { groups: ['web'], privateIp: '10.0.0.1' }, // the first`,
      `+    'web-1': { groups: ['db'], privateIp: '10.0.0.1' }, // the first`,
    ],
  ],
  [
    'groups in another order, with their types',
    file(`    a: { groups: ['db', 'web'] as const },`),
    'move a --group web,db',
    [`-    a: { groups: ['db', 'web'] as const },`, `+    a: { groups: ['web', 'db'] as const },`],
  ],
  [
    'no group',
    file(`    a: {\n      groups: [\n        'db',\n        'web',\n      ] satisfies string[],\n    },`),
    'move a --from db,web',
    ['-      groups: [', `-        'db',`, `-        'web',`, '-      ] satisfies string[],', '+      groups: [] satisfies string[],'],
  ],
  [
    'values behind types',
    file(`    a: ({ groups: ['web'], vars: { port: 80 as number } } as const) satisfies object,`),
    'set a port=81 tls=false',
    [
      `-    a: ({ groups: ['web'], vars: { port: 80 as number } } as const) satisfies object,`,
      `+    a: ({ groups: ['web'], vars: { port: 81 as number, tls: false } } as const) satisfies object,`,
    ],
  ],
  [
    'what another constant holds',
    file(`    ...hosts,`).replace('export', `const hosts = {\n  a: { groups: ['web'] },\n} as const\nexport`),
    'add b --group web',
    [`+  b: { groups: ['web'] },`],
  ],
  [
    'a var over one that is spread',
    file(`    a: { groups: ['web'], vars: { ...shared } },`).replace('export', 'const shared = { port: 1 }\nexport'),
    'set a port=2',
    [`-    a: { groups: ['web'], vars: { ...shared } },`, `+    a: { groups: ['web'], vars: { ...shared, port: 2 } },`],
  ],
]

describe('an edit changes the lines it must', () => {
  test.for(edited)('%s', ([, text, command, lines]) => {
    const { text: after } = editText(text, editOf(command))
    const found = linesOf(text, after)
    // An import stands far from the host: then only it is looked at.
    expect(lines[0]?.includes('import ') ? found.filter((line) => line.includes('import ')) : found).toEqual(lines)
  })
  test('and keeps line breaks of Windows', () => {
    const { text } = editText(one.replaceAll('\n', '\r\n'), editOf('add web-2 --group web'))
    expect(text).toContain(`// the first\r\n    'web-2': { groups: ['web'] },\r\n  },\r\n`)
  })
})

const secret = file(`    a: { groups: ['web'] },`, `    all: { vars: { token: secret } },\n    web: { vars: { port: 80, tls: true } },`)
const made = (hosts: string, before = '') => file(hosts).replace('export', `${before}\nexport`)

const refused: readonly (readonly [text: string, command: string, told: RegExp])[] = [
  [one, 'add web-1 --group web', /'web-1' is a host of the inventory/],
  [one, 'add db', /'db' is a group of the inventory/],
  [one, 'add we/b', /'we\/b'.*\n.*letters/],
  [one, 'add b --group wbe', /'wbe' is no group[\s\S]*Did you mean 'web'/],
  [one, 'add b --group all', /No host is put into all/],
  [one, 'add b --private-ip 10.0.0.300', /no IP address[\s\S]*10\.0\.0\.300/],
  [one, 'add b --public-ip host.example', /no IP address[\s\S]*--address/],
  [one, 'add b --address 10.0.0', /no IP address/],
  [one, 'add b --address a_b!', /no address/],
  [one, 'add b --port 70000', /from 1 to 65535/],
  [one, 'add b --connection local --address x', /exclude each other/],
  [one, 'set wbe-1 port=1', /'wbe-1' is no host and no group[\s\S]*'web-1'/],
  [one, 'set web-1 prot=1', /'prot' is no var of all or web[\s\S]*Did you mean 'port'/],
  [one, 'set web-1 weight=1', /'weight' is no var of all or web[\s\S]*inventory set web weight=… --new/],
  [one, 'set web-1 port=high', /'high': it must be a number/],
  [one, 'set web-1 tls=yes', /it must be true or false[\s\S]*tls=true/],
  [one, 'set web-1 port:="8080"', /it must be number|must be number|number/],
  [one, 'set web-1 port:={', /no JSON/],
  [one, 'set web size=8080 --new', /may be text or not[\s\S]*size:=8080 or size:='"8080"'/],
  [one, 'set web =3', /no name of a var/],
  [one, 'set web __proto__=3 --new', /no name of a var/],
  [one, 'set web', /nothing to set/],
  [one, 'set web --user root', /'web' is a group/],
  [secret, 'set a token=x', /token is a secret[\s\S]*rollcall secret set/],
  [one, 'unset web-1 port', /it comes from web\n.*unset web port/],
  [one, 'unset web-1 nothing', /it has no such var/],
  [one, 'rename web-2 x', /'web-2' is no host/],
  [one, 'rename web-1 db', /'db' is a group/],
  [one, 'rename all x', /all keeps its name/],
  [one, 'remove web', /'web' is a group/],
  [one, 'move web-1 --from db', /is in web, not 'db'/],
  [
    made(`    ...makeHosts(2),`, `const makeHosts = (n: number) => ({ [\`a\${n}\`]: { groups: ['web' as const] } })`),
    'set a2 port=1',
    /host 'a2' is not written out\n[\s\S]*inventory\/lab\.ts:\d+:5: \.\.\.makeHosts\(2\)/,
  ],
  [made(`    [name]: { groups: ['web'] },`, `const name = 'a'`), 'remove a', /inventory\/lab\.ts:\d+:5: \[name\]/],
  [
    made(`    a: host(1),`, `const host = (n: number) => ({ groups: ['web' as const], vars: { port: n } })`),
    'set a port=2',
    /what is declared of 'a' is not written out[\s\S]*host\(1\)/,
  ],
  [made(`    a: { groups: ['web'], vars: { port: 40 + 2 } },`), 'set a port=1', /port of a is no plain value[\s\S]*40 \+ 2/],
  [made(`    a: { groups: ['web'], vars: { port } },`, 'const port = 1'), 'set a port=2', /port of a is no plain value/],
  [
    made(`    a: { groups: ['web'], ...common },`, 'const common = { vars: { port: 1 } }'),
    'set a port=2',
    /vars of a comes from elsewhere/,
  ],
  [
    made(`    a: { groups: ['web'], vars: { ...shared } },`, 'const shared = { port: 1 }'),
    'unset a port',
    /port of a does not stand in its own vars/,
  ],
  [made(`    a: { groups },`, `const groups = ['web'] as const`), 'move a --add db', /groups of a: not written out as a list/],
  [
    made(`    a: { groups: ['web'], connection },`, `const connection = ssh({ user: 'x' })`),
    'set a --user y',
    /connection of a is no call of ssh/,
  ],
]

describe('refused, with the place and what to do', () => {
  test.for(refused.map(([text, command, told]) => ({ text, command, told })))('$command', ({ text, command, told }) => {
    let error: unknown
    try {
      editText(text, editOf(command))
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(RollcallError)
    const { summary, detail, fix } = (error as RollcallError).details
    expect(`${summary}\n${detail}\n${fix}`).toMatch(told)
    expect(`${summary}\n${detail}\n${fix}`).not.toContain('s3cret')
  })
})
