import { definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
import { dyniaApp } from '../modules/dynia-app/index.ts'
import { haproxy } from '../modules/haproxy/index.ts'
import { peers } from '../modules/peers/index.ts'

/** Prepares cluster nodes: the application, HAProxy balancing over all of them, and what nodes know of each other. */
export default definePlaybook('prepare', inventory, (play) => {
  play('cluster nodes', { hosts: 'cluster', facts: { of: 'cluster', families: ['os', 'network', 'hardware'] }, become: true }, (tools) => {
    dyniaApp(tools, { port: ({ host }) => host.vars.appPort })
    haproxy(tools, { nodes: ({ fleet }) => fleet.group('cluster') })
    peers(tools, { nodes: ({ fleet }) => fleet.group('cluster') })
  })
})
