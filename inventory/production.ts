import { defineInventory, ssh } from 'rollcall'

/** The same groups as the lab, on real machines: `rollcall run prepare.ts -i production`. Addresses are examples. */
export const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'dynia.example' } },
    cluster: { vars: { appPort: 8080 } },
    web: { vars: { sitePort: 8081, siteRelease: '1.0' } },
  },
  hosts: {
    'honor-viper': {
      groups: ['cluster', 'web'],
      privateIp: '10.108.0.4',
      publicIp: '203.0.113.4',
      connection: ssh({ address: '203.0.113.4', user: 'deploy' }),
    },
    'crystal-panda': {
      groups: ['cluster', 'web'],
      privateIp: '10.108.0.3',
      publicIp: '203.0.113.3',
      connection: ssh({ address: '203.0.113.3', user: 'deploy' }),
    },
  },
})
