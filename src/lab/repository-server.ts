import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'

/** Serves the files of one folder, which has no subfolders, at port 80 of `address`. Runs until its process ends. */
export function serveRepository(folder: string, address: string): void {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://repository').pathname)
    // A flat repository: the last part alone names the file, so no request leads out of the folder.
    const file = join(folder, basename(path) || 'Release')
    const found = await stat(file).catch(() => undefined)
    if (found === undefined || !found.isFile()) {
      response.writeHead(404).end()
      return
    }
    const modified = new Date(Math.floor(found.mtimeMs / 1000) * 1000)
    const known = Date.parse(request.headers['if-modified-since'] ?? '')
    if (known >= modified.getTime()) {
      response.writeHead(304).end()
      return
    }
    response.writeHead(200, { 'content-length': found.size, 'last-modified': modified.toUTCString() })
    if (request.method === 'HEAD') response.end()
    else
      createReadStream(file)
        .on('error', () => response.destroy())
        .pipe(response)
  })
  server.listen(80, address)
}
