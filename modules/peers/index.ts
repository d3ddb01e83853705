import { defineServiceModule, type FleetGroup, file, type HostWith, type PlayTools, type ScopeNeeds, template } from 'rollcall'
import { peersJson } from '../../templates/index.ts'

/** What is written down of each node: gathered on it, declared nowhere. */
export type Peer = HostWith<{ privateIp: string; facts: 'os' | 'hardware' }>

export interface PeersOptions<C> {
  readonly nodes: (scope: C) => FleetGroup<Peer>
}

/** `/etc/dynia/peers.json`: what every node knows of every other. */
export const peers = defineServiceModule('peers', <C extends ScopeNeeds>({ task }: PlayTools<C>, options: PeersOptions<C>) => {
  task('directory', file({ path: '/etc/dynia', state: 'directory', mode: '0755' }))
  task('peers.json', (scope) => template({ src: peersJson({ nodes: options.nodes(scope) }), dest: '/etc/dynia/peers.json', mode: '0644' }))
})
