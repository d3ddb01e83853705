import { isIP } from 'node:net'

/** Whether text is an IP address, of either version. */
export const isAddress = (text: string): boolean => isIP(text) !== 0

/** Both together as people and URLs write them: `[2001:db8::1]:22`. */
export const hostAndPort = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address}:${port}`
