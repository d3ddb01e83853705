import { definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
import { accessReport } from '../modules/access-report/index.ts'
import { accounts } from '../modules/accounts/index.ts'
import { nginxSite } from '../modules/nginx-site/index.ts'
import { release } from '../modules/release/index.ts'
import { shopReleases } from '../modules/shop/index.ts'

const people = [
  { name: 'ada', comment: 'Ada', keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKcSkSYZYYrl6SCgsvmBpC/sR5bD9do+VkSVDbOaq1lk ada@laptop'] },
  {
    name: 'grace',
    comment: 'Grace',
    keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBELVIaM33d41OkRlYFpKNCR99rSpULZsOBCJ5sM7tZp grace@desk'],
  },
]

/** Web servers: people's accounts, a site of static files in release directories, a nightly report. */
export default definePlaybook('site', inventory, (play) => {
  play('web servers', { hosts: 'web', become: true, facts: { of: 'web' } }, (tools) => {
    accounts(tools, { people, gone: ['mallory'] })
    const reload = nginxSite(tools, { name: 'shop', port: ({ host }) => host.vars.sitePort, root: '/srv/shop/current/public' })
    release(tools, { directory: '/srv/shop', version: ({ host }) => host.vars.siteRelease, from: shopReleases, notify: reload })
    accessReport(tools, { report: '/var/log/access-report' })
  })
})
