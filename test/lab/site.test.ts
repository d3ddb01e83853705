import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startHost, stopHost } from '../../src/lab/index.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { eventsOf, outcomes, recapOf, scratchFile } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run } = useJobLab('site')
/** The lab's inventory with another release. */
const withRelease = (version: string) =>
  scratchFile(
    `release-${version}.ts`,
    readFileSync(join(ownRoot(), 'inventory/lab.ts'), 'utf8').replace("siteRelease: '1.0'", `siteRelease: '${version}'`),
  )
const served = (host = viper) => inside(lab, host, `curl -s http://${host.address}:8081/ | sed -n 's/.*<h1>\\(.*\\)<.h1>.*/\\1/p'`)
const releases = (host = viper) => inside(lab, host, 'cd /srv/shop && readlink current; readlink previous || :')
const nothing = { 'honor-viper': 'changed 0, failed 0, unreachable 0', 'crystal-panda': 'changed 0, failed 0, unreachable 0' }

it('check mode says what a bare host would get, and leaves it bare', async () => {
  const before = await inside(lab, viper, 'cat /etc/passwd /etc/group; ls /etc /etc/cron.d /srv')
  const check = await run('site', '--check')
  expect(check.code, check.stdout).toBe(0)
  expect(outcomes(check, viper.name)).toContain('accounts : people: changed')
  expect(outcomes(check, viper.name)).toContain('release : release: changed')
  expect(await inside(lab, viper, 'cat /etc/passwd /etc/group; ls /etc /etc/cron.d /srv')).toBe(before)
})

it('limited to one host, that host serves, and the other stays bare', async () => {
  const done = await run('site', '--limit', viper.name)
  expect(done.code, done.stdout).toBe(0)
  expect(await served()).toBe('Shop 1.0')
  expect(await inside(lab, panda, 'ls -d /srv/shop 2>/dev/null || echo bare')).toBe('bare')
})

it('people have accounts that their keys open, and may become root', async () => {
  expect(await inside(lab, viper, 'id -nG ada; stat -c "%a %U" /home/ada/.ssh /home/ada/.ssh/authorized_keys')).toBe(
    'ada operators\n700 ada\n600 ada',
  )
  expect(
    await inside(lab, viper, 'cut -d" " -f3 /home/ada/.ssh/authorized_keys; setpriv --reuid ada --regid ada --init-groups sudo -n id -un'),
  ).toBe('ada@laptop\nroot')
})

it('the report runs from cron', async () => {
  expect(await inside(lab, viper, 'cat /etc/cron.d/access-report; systemctl is-active cron')).toBe(
    '#Rollcall: access report\n17 3 * * * root /usr/local/bin/access-report /var/log/nginx/access.log /var/log/access-report\nactive',
  )
  await inside(lab, viper, 'sed -n "s/^[0-9].* root //p" /etc/cron.d/access-report | sh')
  expect(await inside(lab, viper, 'cat /var/log/access-report')).toMatch(/^\d{4}-\d\d-\d\d \d+ 0$/)
})

it('a second run finds nothing to do, in a constant number of exchanges; so does check mode', async () => {
  expect((await run('site')).code).toBe(0)
  const again = await run('site')
  expect(recapOf(again)).toEqual(nothing)
  // Facts; all reads; the files, which follow from what they are for; which releases are old, read at its turn.
  expect(Object.values(eventsOf(again, 'recap')[0]!.hosts).map(({ exchanges }) => exchanges)).toEqual([4, 4])
  expect((await run('site', '--check', '--detailed-exit-code')).code).toBe(0)
})

it('a new release stands beside the old one, and rolling back turns the link', async () => {
  expect((await run('site', '-i', withRelease('1.1'))).code).toBe(0)
  expect([await served(), await releases()]).toEqual(['Shop 1.1', 'releases/1.1\nreleases/1.0'])
  const back = await run('site', '--tags', 'rollback', '--limit', viper.name)
  expect(back.code, back.stdout).toBe(0)
  expect([await served(), await releases()]).toEqual(['Shop 1.0', 'releases/1.0\nreleases/1.1'])
  expect([await served(panda), await releases(panda)]).toEqual(['Shop 1.1', 'releases/1.1\nreleases/1.0'])
})

it('old releases go, but for the current one and the one before', async () => {
  await inside(lab, viper, 'cd /srv/shop/releases && for v in 0.1 0.2 0.3 0.4 0.5 0.6; do mkdir -p $v; touch -d "2020-01-01" $v; done')
  expect((await run('site', '--limit', viper.name)).code).toBe(0)
  expect((await inside(lab, viper, 'ls /srv/shop/releases')).split('\n')).toHaveLength(5)
  expect(await releases()).toBe('releases/1.0\nreleases/1.1')
  expect(recapOf(await run('site', '--limit', viper.name))).toEqual({ 'honor-viper': nothing['honor-viper'] })
})

it('nobody can be rolled back who has nothing to go back to', async () => {
  await inside(lab, viper, 'rm /srv/shop/previous')
  const back = await run('site', '--tags', 'rollback', '--limit', viper.name)
  expect([back.code, back.stdout]).toEqual([2, expect.stringContaining('/srv/shop/previous is not there')])
  expect(await served()).toBe('Shop 1.0')
})

it('whoever has left goes, and a configuration that nginx refuses does not replace the old one', async () => {
  await inside(lab, viper, 'useradd -m mallory')
  expect(outcomes(await run('site', '--limit', viper.name), viper.name)).toContain('accounts : gone: changed')
  expect(await inside(lab, viper, 'id mallory 2>&1 || :; ls -d /home/mallory')).toMatch(/no such user\n\/home\/mallory$/)
  const wrong = scratchFile(
    'wrong.ts',
    readFileSync(join(ownRoot(), 'inventory/lab.ts'), 'utf8').replace('sitePort: 8081', 'sitePort: 80810'),
  )
  const refused = await run('site', '-i', wrong, '--limit', viper.name)
  expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining('its new content was refused by validate')])
  expect(await served()).toBe('Shop 1.0')
})

it('a host that is down is said, and the others are done', async () => {
  await stopHost(lab, panda.name)
  const without = await run('site')
  expect([without.code, recapOf(without)['honor-viper']]).toEqual([4, nothing['honor-viper']])
  await startHost(lab, panda.name)
})
