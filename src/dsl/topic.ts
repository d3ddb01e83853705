/** Something that handlers can listen to: whoever notifies it need not know them (Ansible's `listen`). */
export interface Topic {
  readonly kind: 'topic'
  readonly name: string
}

/**
 * Makes a topic. It is notified and listened to by value, so a service module exports it; its name is for reports.
 */
export function topic(name: string): Topic {
  return { kind: 'topic', name }
}
