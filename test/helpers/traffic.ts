/** What a server saw on one exec channel. */
export interface ChannelTraffic {
  readonly user: string
  readonly command: string
  /** Whose session it is: the login user's own, or one reached through sudo. */
  readonly kind: 'login' | 'become'
  /** Times that the client sent something after the server had: what costs a round trip. */
  turns: number
  bytesFromClient: number
}

/** Counts the channels of a server and the turns on each. */
export interface Traffic {
  readonly channels: readonly ChannelTraffic[]
  /** Begins a channel; call the two functions for each piece of data. */
  open(user: string, command: string): { fromClient(data: Buffer): void; fromServer(): void }
}

export function countTraffic(): Traffic {
  const channels: ChannelTraffic[] = []
  return {
    channels,
    open(user, command) {
      const channel: ChannelTraffic = {
        user,
        command,
        kind: / sudo -H -S /.test(command) ? 'become' : 'login',
        turns: 0,
        bytesFromClient: 0,
      }
      channels.push(channel)
      // A channel starts with the server's turn over: the command itself was the client's first word.
      let serverSpoke = true
      return {
        fromClient(data) {
          if (serverSpoke) channel.turns += 1
          serverSpoke = false
          channel.bytesFromClient += data.length
        },
        fromServer() {
          serverSpoke = true
        },
      }
    },
  }
}
