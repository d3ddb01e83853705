import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/dsl/call.ts'
import type { ModuleDefinition } from '../../src/dsl/definition.ts'
import { type Read, unknown } from '../../src/dsl/resource.ts'
import { apt } from '../../src/modules/apt.ts'
import { service } from '../../src/modules/service.ts'
import { systemdUnit } from '../../src/modules/systemd-unit.ts'
import { leftOfUnit, unitResult } from '../../src/modules/unit-plan.ts'
import type { PackageState } from '../../src/resources/package.ts'
import type { UnitState } from '../../src/resources/unit.ts'

const content = { bytes: new TextEncoder().encode('[Unit]\n'), sha256: 'new' }
const inputs = { content }
const moduleOf = (call: Call<any>) => call.definition as ModuleDefinition
const plan = (call: Call<any>, found: object) => moduleOf(call).plan(call.params, found as never, inputs)
const steps = (call: Call<any>, found: object) =>
  moduleOf(call).steps(call.params, { found: found as never, wanted: plan(call, found), inputs })
/** The line of each step that does the work. */
const scripts = (call: Call<any>, found: object) =>
  steps(call, found).map((step) =>
    step.kind === 'write'
      ? `write ${step.path}`
      : (step.script.text.split('\n').filter((line) => /^(systemctl|apt |until apt)/.test(line))[0] ?? '').replace(/ \|\| explain.*/, ''),
  )

const absent: PackageState = { installed: false, version: '', held: false, residue: false }
const installed = (version: string, more: Partial<PackageState> = {}): PackageState => ({ ...absent, installed: true, version, ...more })

const noDeb = { exists: false, package: '', version: '', architecture: '', problem: '' }
const deb = (name: string, version: string) => ({ ...noDeb, exists: true, package: name, version, architecture: 'amd64' })

describe('apt', () => {
  const needs = (call: Call<any>, known: { [key: string]: object }) =>
    Object.values(moduleOf(call).reads(call.params, { get: (read: Read<any>) => known[read.key] as never }, {})).map(
      (read) => `${read.key} ${read.need}`,
    )

  test.each<[Parameters<typeof apt>[0], { [key: string]: object }, readonly string[]]>([
    [{ name: ['a', 'b=1'] }, {}, ['package:a installed', 'package:b installed']],
    [{ name: 'a' }, { 'package:a': installed('1') }, ['package:a installed']],
    [{ name: 'a', updateCache: true }, { 'package:a': installed('1') }, ['package:a installed']],
    [{ name: 'a', updateCache: true }, { 'package:a': absent }, ['package:a candidate', 'aptLists:3600 age']],
    [{ name: 'a', state: 'latest' }, {}, ['package:a candidate']],
    [{ name: 'a', state: 'absent', updateCache: true }, { 'package:a': absent }, ['package:a installed']],
    [{ updateCache: true }, {}, ['aptLists:3600 age']],
    [{ name: 'a', onlyUpgrade: true }, { 'package:a': absent }, ['package:a installed']],
    [{ upgrade: 'dist', updateCache: true, cacheValidTime: 60 }, {}, ['aptPending:["dist-upgrade"] simulation', 'aptLists:60 age']],
    [{ upgrade: 'safe', defaultRelease: 'x' }, {}, ['aptPending:["-t","x","--with-new-pkgs","upgrade"] simulation']],
    [
      { name: ['a', 'b'], state: 'latest', defaultRelease: 'x' },
      {},
      ['package:a candidate', 'package:b candidate', 'aptPending:["-t","x","install","a","b"] simulation'],
    ],
    [{ name: 'a', state: 'buildDep' }, {}, ['aptPending:["build-dep","a"] simulation']],
    [{ name: 'a', state: 'buildDep', updateCache: true }, { 'aptLists:3600': { fresh: false } }, ['aptLists:3600 age']],
    [
      { autoremove: true, purge: true, clean: true },
      {},
      ['aptPending:["--purge","autoremove"] simulation', 'aptPending:["clean"] simulation'],
    ],
    [{ deb: '/a.deb' }, {}, ['debFile:/a.deb fields', 'file:/a.deb stat']],
    [
      { deb: '/a.deb', updateCache: true },
      { 'debFile:/a.deb': { exists: true, package: 'a', version: '2', architecture: 'amd64' }, 'package:a:amd64': installed('1') },
      ['debFile:/a.deb fields', 'file:/a.deb stat', 'package:a:amd64 installed', 'aptLists:3600 age'],
    ],
  ])('%j reads no more than it needs', (params, known, expected) => {
    expect(needs(apt(params), known)).toEqual(expected)
  })

  test.each<[string, Parameters<typeof apt>[0], object, object, readonly string[]]>([
    [
      'missing',
      { name: ['a', 'b'] },
      { a: { ...absent, candidate: '2' }, b: installed('1') },
      { a: { installed: true, version: '2' }, b: { installed: true } },
      ['apt install -- a'],
    ],
    [
      'several',
      { name: ['a', 'b'], installRecommends: false },
      { a: { ...absent, candidate: '2' }, b: { ...absent, candidate: '3' } },
      { a: { version: '2' }, b: { version: '3' } },
      ["apt -o 'APT::Install-Recommends=false' install -- a b"],
    ],
    [
      'a version',
      { name: 'a=1.5' },
      { a: installed('2', { candidate: '2' }) },
      { a: { installed: true, version: '1.5' } },
      ["apt install -- 'a=1.5'"],
    ],
    ['a version that is there', { name: 'a=1.*' }, { a: installed('1.5') }, { a: { installed: true } }, []],
    ['a version pattern', { name: 'a=1.*' }, { a: { ...absent, candidate: '2' } }, { a: { version: unknown } }, ["apt install -- 'a=1.*'"]],
    ['newest', { name: 'a', state: 'latest' }, { a: installed('1', { candidate: '2' }) }, { a: { version: '2' } }, ['apt install -- a']],
    ['newest, foreign to apt', { name: 'a', state: 'latest' }, { a: installed('1', { candidate: '' }) }, { a: { version: '1' } }, []],
    [
      'with stale lists',
      { name: 'a', updateCache: true },
      { a: { ...absent, candidate: '' }, ':lists': { fresh: false } },
      { a: { installed: true, version: unknown }, ':lists': { fresh: true } },
      ['until apt update; do', 'apt install -- a'],
    ],
    [
      'absent',
      { name: ['a', 'b'], state: 'absent' },
      { a: installed('1'), b: absent },
      { a: { installed: false }, b: { installed: false } },
      ['apt remove -- a'],
    ],
    [
      'purged',
      { name: 'a', state: 'absent', purge: true },
      { a: { ...absent, residue: true } },
      { a: { installed: false, residue: false } },
      ['apt purge -- a'],
    ],
    ['stale lists alone', { updateCache: true }, { ':lists': { fresh: false } }, { ':lists': { fresh: true } }, ['until apt update; do']],
    ['fresh lists alone', { updateCache: true }, { ':lists': { fresh: true } }, {}, []],
    [
      'an upgrade, and cleaning up after it',
      { upgrade: 'dist', autoremove: true, clean: true },
      { ':upgrade': { pending: ['install a 2'] }, ':autoremove': { pending: [] }, ':clean': { pending: [] } },
      { ':upgrade': { pending: [] }, ':autoremove': { pending: [] } },
      ['apt dist-upgrade', 'apt autoremove', 'apt clean'],
    ],
    [
      'nothing to upgrade or to clean',
      { upgrade: 'safe', autoclean: true },
      { ':upgrade': { pending: [] }, ':autoclean': { pending: [] } },
      {},
      [],
    ],
    ['archives kept', { clean: true }, { ':clean': { pending: ['delete a.deb'] } }, {}, ['apt clean']],
    [
      'removed with what nothing needs any more',
      { name: 'a', state: 'absent', autoremove: true, purge: true },
      { a: installed('1'), ':autoremove': { pending: [] } },
      { a: { installed: false } },
      ['apt purge -- a', 'apt --purge autoremove'],
    ],
    ['not installed, and only to be upgraded', { name: 'a', onlyUpgrade: true }, { a: absent }, { a: {} }, []],
    [
      'upgraded only where it is installed',
      { name: ['a', 'b'], state: 'latest', onlyUpgrade: true },
      { a: installed('1', { candidate: '2' }), b: absent },
      { a: { version: '2' }, b: {} },
      ['apt --only-upgrade install -- a'],
    ],
    [
      'held, and allowed to change',
      { name: 'a', state: 'latest', allowChangeHeldPackages: true, failOnAutoremove: true },
      { a: installed('1', { held: true, candidate: '2' }) },
      { a: { version: '2' } },
      ['apt --no-remove --allow-change-held-packages install -- a'],
    ],
    [
      'from another release',
      { name: 'a', defaultRelease: 'backports' },
      { a: { ...absent, candidate: '1' } },
      { a: { installed: true, version: unknown } },
      ['apt -t backports install -- a'],
    ],
    [
      'newest of another release',
      { name: 'a', state: 'latest', defaultRelease: 'backports' },
      { a: installed('1', { candidate: '1' }), ':latest': { pending: ['install a 2'] } },
      { a: { installed: true }, ':latest': { pending: [] } },
      ['apt -t backports install a'],
    ],
    [
      'what a build takes',
      { name: 'a', state: 'buildDep' },
      { ':buildDep': { pending: ['install debhelper 13'] } },
      { ':buildDep': { pending: [] } },
      ['apt build-dep a'],
    ],
    [
      'what a build takes, not known yet',
      { name: 'a', state: 'buildDep', updateCache: true },
      { ':lists': { fresh: false } },
      { ':lists': { fresh: true } },
      ['until apt update; do', 'apt build-dep a'],
    ],
    [
      'broken dependencies first',
      { name: 'b', state: 'fixed' },
      { b: { ...absent, candidate: '1' }, ':fixed': { pending: ['install a 1'] } },
      { ':fixed': { pending: [] }, b: { installed: true } },
      ['apt --fix-broken install', 'apt install -- b'],
    ],
    [
      'a package file',
      { deb: '/tmp/a.deb' },
      { ':deb /tmp/a.deb': deb('a', '2'), ':file /tmp/a.deb': { exists: true }, ':of /tmp/a.deb': installed('1') },
      { ':of /tmp/a.deb': { installed: true, version: '2' } },
      ['apt install -- /tmp/a.deb'],
    ],
    [
      'a package file that is installed',
      { deb: '/tmp/a.deb' },
      { ':deb /tmp/a.deb': deb('a', '2'), ':file /tmp/a.deb': { exists: true }, ':of /tmp/a.deb': installed('2') },
      {},
      [],
    ],
    [
      'a package file that is only planned',
      { deb: '/tmp/a.deb' },
      { ':deb /tmp/a.deb': noDeb, ':file /tmp/a.deb': { exists: true } },
      { ':deb /tmp/a.deb': { exists: true, version: unknown } },
      ['apt install -- /tmp/a.deb'],
    ],
    [
      'an older package file, when that is allowed',
      { deb: '/tmp/a.deb', allowDowngrade: true },
      { ':deb /tmp/a.deb': deb('a', '1'), ':file /tmp/a.deb': { exists: true }, ':of /tmp/a.deb': installed('2') },
      { ':of /tmp/a.deb': { version: '1' } },
      ['apt --allow-downgrades install -- /tmp/a.deb'],
    ],
  ])('%s', (_, params, found, wanted, expected) => {
    expect(plan(apt(params), found)).toMatchObject(wanted)
    const due = Object.entries(plan(apt(params), found)).some(([name, state]) =>
      Object.entries(state ?? {}).some(([field, value]) => value !== unknown && !isDeepStrictEqual((found as never)[name]?.[field], value)),
    )
    expect(due ? scripts(apt(params), found) : []).toEqual(expected)
  })

  test.each<[Parameters<typeof apt>[0], object, RegExp]>([
    [{ name: 'hapoxy' }, { hapoxy: { ...absent, candidate: '' } }, /knows no package 'hapoxy'/],
    [{ name: 'a', state: 'latest' }, { a: installed('1', { held: true, candidate: '2' }) }, /held at 1/],
    [{ name: 'a=1', state: 'absent' }, { a: absent }, /names a version/],
    [{ name: 'a=1;x' }, { a: absent }, /is not a version/],
    [{ deb: '/a.deb' }, { ':deb /a.deb': noDeb, ':file /a.deb': { exists: false } }, /there is no \/a.deb on this host/],
    [
      { deb: '/a.deb' },
      { ':deb /a.deb': { ...noDeb, problem: 'not a Debian format archive' }, ':file /a.deb': { exists: true } },
      /dpkg can read: not/,
    ],
    [
      { deb: '/a.deb' },
      { ':deb /a.deb': deb('a', '1.0~rc1'), ':file /a.deb': { exists: true }, ':of /a.deb': installed('1.0') },
      /holds a 1\.0~rc1, and 1\.0, which is newer, is installed/,
    ],
    [{ name: 'a=3.*' }, { a: installed('1', { candidate: '2' }) }, /its candidate is 2/],
  ])('%j is refused', (params, found, message) => {
    expect(() => plan(apt(params), found)).toThrow(message)
  })

  test.each<[Parameters<typeof apt>[0], RegExp]>([
    [{}, /apt is asked for nothing/],
    [{ state: 'latest' }, /state 'latest' is of packages, and none is named/],
    [{ deb: '/a.deb', state: 'absent' }, /can only be installed/],
    [{ name: 'a=1', state: 'buildDep' }, /names a version/],
  ])('%j is refused before anything is read', (params, message) => {
    const call = apt(params)
    expect(() => [moduleOf(call).inputs!(call.params), needs(call, {})]).toThrow(message)
  })

  test('its result has names as with Ansible, and only packages as states', () => {
    const outcome = { code: 0, stdout: Buffer.from('out\n'), stderr: Buffer.from('err\n') }
    const before = { a: absent, ':lists': { fresh: false, updatedAt: 1 }, ':upgrade': { pending: [] } }
    const after = { a: installed('1'), ':lists': { fresh: true, updatedAt: 1_700_000_000 }, ':upgrade': { pending: [] } }
    expect(moduleOf(apt({ name: 'a' })).result!({}, { before, after, changed: true, outcomes: [outcome] })).toEqual({
      cacheUpdated: true,
      cacheUpdateTime: 1_700_000_000,
      stdout: 'out\n',
      stderr: 'err\n',
      before: { a: absent },
      after: { a: installed('1') },
    })
  })
})

const unit = (more: Partial<UnitState> = {}): UnitState => ({
  exists: true,
  name: 'a.service',
  running: false,
  started: more.running ?? false,
  oneshot: false,
  enabled: false,
  masked: false,
  needDaemonReload: false,
  needDaemonReexec: false,
  active: 'inactive',
  sub: 'dead',
  fileState: 'disabled',
  path: '/x',
  ...more,
})
const none = unit({ exists: false, fileState: '', path: '' })

describe('service', () => {
  test.each<[string, Omit<Parameters<typeof service>[0], 'name'>, UnitState, readonly string[]]>([
    ['enable and start', { state: 'started', enabled: true }, unit(), ['systemctl enable -- a.service', 'systemctl start -- a.service']],
    ['nothing to do', { state: 'started', enabled: true }, unit({ running: true, enabled: true }), []],
    [
      'stop and disable',
      { state: 'stopped', enabled: false },
      unit({ running: true, enabled: true }),
      ['systemctl stop -- a.service', 'systemctl disable -- a.service'],
    ],
    [
      'unmask first',
      { state: 'started', masked: false },
      unit({ masked: true }),
      ['systemctl unmask -- a.service', 'systemctl start -- a.service'],
    ],
    [
      'mask last',
      { state: 'stopped', masked: true },
      unit({ running: true }),
      ['systemctl stop -- a.service', 'systemctl mask -- a.service'],
    ],
    ['a unit without install section', { enabled: true }, unit({ fileState: 'static' }), []],
    [
      'a changed unit file is read before the start',
      { state: 'started' },
      unit({ needDaemonReload: true }),
      ['systemctl daemon-reload', 'systemctl start -- a.service'],
    ],
    ['a changed unit file is read when asked', { daemonReload: true }, unit({ needDaemonReload: true }), ['systemctl daemon-reload']],
    ['an unchanged unit file is not read again', { daemonReload: true }, unit(), []],
    ['an updated systemd', { daemonReexec: true }, unit({ needDaemonReexec: true }), ['systemctl daemon-reexec']],
    ['systemd as it is installed', { daemonReexec: true }, unit(), []],
    ['without waiting', { state: 'started', noBlock: true }, unit(), ['systemctl --no-block start -- a.service']],
    ['a oneshot unit that has not run', { state: 'started' }, unit({ oneshot: true }), ['systemctl start -- a.service']],
    ['a oneshot unit that has run well', { state: 'started' }, unit({ oneshot: true, started: true }), []],
    ['a oneshot unit that has run is stopped already', { state: 'stopped' }, unit({ oneshot: true, started: true }), []],
    ['a oneshot unit at work', { state: 'stopped' }, unit({ oneshot: true, running: true }), ['systemctl stop -- a.service']],
  ])('%s', (_, params, found, expected) => {
    expect(scripts(service({ name: 'a', ...params }), { unit: found })).toEqual(expected)
  })

  test.each<[Omit<Parameters<typeof service>[0], 'name'>, UnitState, RegExp]>([
    [{ state: 'started' }, none, /service a has no unit on this host/],
    [{ state: 'started' }, unit({ masked: true }), /is masked/],
    [{ enabled: false }, unit({ fileState: 'static' }), /cannot be disabled/],
  ])('%j is refused', (params, found, message) => {
    expect(() => plan(service({ name: 'a', ...params }), { unit: found })).toThrow(message)
  })
})

describe('what must be found of a unit afterwards', () => {
  const started = { started: true, running: true, enabled: true }
  const stopped = { running: false, started: false }
  test.each<[string, object, UnitState, boolean, object]>([
    ['all of it', started, unit({ running: true, enabled: true }), false, started],
    ['of a oneshot unit not that it runs', started, unit({ oneshot: true, enabled: true }), false, { enabled: true }],
    ['of a oneshot unit that it is stopped', stopped, unit({ oneshot: true, started: true }), false, { running: false }],
    ['of a job that nobody waits for nothing', started, unit(), true, { enabled: true }],
    ['of a unit without install section not that it is enabled', { enabled: true }, unit({ fileState: 'static' }), false, {}],
  ])('%s', (_, wanted, after, noBlock, left) => {
    expect(leftOfUnit(wanted, after, noBlock)).toEqual(left)
  })
  test('its result has names as with Ansible', () => {
    expect(unitResult('a', unit({ running: true, enabled: true, active: 'active', sub: 'running', fileState: 'enabled' }))).toEqual({
      name: 'a',
      state: 'started',
      enabled: true,
      status: { Id: 'a.service', ActiveState: 'active', SubState: 'running', UnitFileState: 'enabled', FragmentPath: '/x' },
    })
  })
})

describe('systemdUnit', () => {
  const missing = { exists: false, realPath: '/etc/systemd/system/a.service' }
  const there = { exists: true, type: 'file', mode: '0644', sha256: 'new', realPath: '/etc/systemd/system/a.service' }
  test.each([
    [
      'new',
      {},
      missing,
      none,
      { file: { exists: true, sha256: 'new' }, unit: { exists: true, needDaemonReload: false } },
      ['write /etc/systemd/system/a.service', 'systemctl daemon-reload'],
    ],
    [
      'new and started',
      { state: 'started', enabled: true },
      missing,
      none,
      {},
      ['write /etc/systemd/system/a.service', 'systemctl daemon-reload', 'systemctl enable -- a.service', 'systemctl start -- a.service'],
    ],
    [
      'changed: no restart by itself',
      { state: 'started' },
      { ...there, sha256: 'old' },
      unit({ running: true }),
      {},
      ['write /etc/systemd/system/a.service', 'systemctl daemon-reload'],
    ],
    ['as it should be', { state: 'started' }, there, unit({ running: true }), { unit: { running: true } }, []],
    ['changed by someone else', {}, there, unit({ needDaemonReload: true }), {}, ['systemctl daemon-reload']],
  ] as const)('%s', (_, params, file, found, wanted, expected) => {
    const call = systemdUnit({ name: 'a.service', content: '[Unit]\n', ...params })
    expect(plan(call, { file, unit: found })).toMatchObject(wanted)
    expect(scripts(call, { file, unit: found })).toEqual(expected)
  })
  test('masked is refused', () => {
    expect(() => plan(systemdUnit({ name: 'a', content: '' }), { file: missing, unit: unit({ masked: true }) })).toThrow(/is masked/)
  })
})
