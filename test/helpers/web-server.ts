import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that the server got. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
/** A real web server on 127.0.0.1, which ends with the process. */
export interface WebServer {
  readonly url: string
  /** All requests so far. */
  readonly asked: Asked[]
  /** Files by path. */
  readonly files: Map<string, string | Buffer>
  close(): void
}

const basic = `Basic ${Buffer.from('joe:s3cret "\\').toString('base64')}`

/** The command lines of all processes of this machine at this moment. */
function commandLines(): string {
  const lines = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').replace(/[\0\n]/g, ' ')
    } catch {
      return [] // It has ended meanwhile.
    }
  })
  return lines.join('\n')
}

/** Answers files, and by path: /echo, /commands, /status/418, /redirect, /auth, /changing, /json, /cut. */
export async function webServer(): Promise<WebServer> {
  const asked: Asked[] = []
  const files = new Map<string, string | Buffer>()
  const answer = (request: Asked, response: ServerResponse) => {
    asked.push(request)
    const file = files.get(request.path.replace(/\?.*/, ''))
    if (file !== undefined) return void response.end(file)
    const [, first = '', second] = request.path.replace(/\?.*/, '').split('/')
    const says = (status: number, headers: Record<string, string | string[]>, body: string) =>
      void response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : body)
    switch (first) {
      case 'echo':
        return says(200, { 'Content-Type': 'application/json; charset=utf-8', 'X-Two': ['1', '2'] }, JSON.stringify(request))
      case 'status':
        return says(Number(second), { 'Content-Type': 'text/plain' }, `this is ${second}`)
      case 'commands':
        return says(200, {}, commandLines())
      case 'redirect':
        return says(302, { Location: '/echo' }, 'elsewhere')
      case 'auth':
        return request.headers.authorization === basic
          ? says(200, { 'Content-Type': 'text/plain' }, 'welcome')
          : says(401, { 'WWW-Authenticate': 'Basic realm="here"' }, 'who are you?')
      case 'changing':
        return says(200, {}, `answer ${asked.length}`)
      case 'cut':
        response.writeHead(200, { 'Content-Length': '1000' }).write('only this')
        return void setTimeout(() => response.destroy(), 50)
      default:
        return says(404, { 'Content-Type': 'text/plain' }, 'nothing here')
    }
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () =>
      answer(
        { method: request.method!, path: request.url!, headers: request.headers, body: Buffer.concat(parts).toString('utf8') },
        response,
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked, files, close: () => server.close() }
}
