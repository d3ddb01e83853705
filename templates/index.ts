import { defineTemplate, fleetGroup, value } from 'rollcall'

/** HAProxy for a cluster: every node must list every node, so it takes the group of the fleet itself. */
export const haproxyCfg = defineTemplate({
  file: 'haproxy.cfg.eta',
  input: {
    nodes: fleetGroup<{ privateIp: string; vars: { appPort: number } }>(),
    certificate: value<string | undefined>(),
  },
  data: ({ nodes, certificate }) => ({
    certificate,
    servers: nodes.map((node, index) => ({ name: `node${index + 1}`, address: node.privateIp, port: node.vars.appPort })),
  }),
})

/** What each node knows of its peers, from facts gathered on them. */
export const peersJson = defineTemplate({
  file: 'peers.json.eta',
  input: { nodes: fleetGroup<{ privateIp: string; facts: 'os' | 'hardware' }>() },
  data: ({ nodes }) => ({ peers: nodes.withFacts() }),
})

/** The unit of the application: it listens on the private address only. */
export const dyniaAppUnit = defineTemplate({
  file: 'dynia-app.service.eta',
  input: { address: value<string>(), port: value<number>(), program: value<string>() },
  data: (input) => input,
})
