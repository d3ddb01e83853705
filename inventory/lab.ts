import { defineInventory, lab } from 'rollcall'

/** Every host of the lab, always: `--limit` never changes what stands here. */
export const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'dynia.test' } },
    cluster: { vars: { appPort: 8080 } },
    web: { vars: { sitePort: 8081, siteRelease: '1.0' } },
  },
  hosts: {
    'honor-viper': { groups: ['cluster', 'web'], privateIp: '10.108.0.4', connection: lab() },
    'crystal-panda': { groups: ['cluster', 'web'], privateIp: '10.108.0.3', connection: lab() },
  },
})
