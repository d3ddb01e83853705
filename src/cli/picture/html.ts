import type { ShownInventory } from '../../show-inventory.ts'
import { escaped, graphSvg } from './svg.ts'

const style = `
  :root { color-scheme: light dark; --ink: #1d2433; --faint: #667085; --line: #c3cad6; --page: #ffffff; --mark: #1b6ac9; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --faint: #98a2b3; --line: #3c4658; --page: #12161f; --mark: #6aa9f7; } }
  body { margin: 0; font-family: system-ui, sans-serif; color: var(--ink); background: var(--page); }
  header { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; padding: 0.75rem 1rem; border-bottom: 1px solid var(--line); }
  h1 { font-size: 1.05rem; margin: 0; }
  header p { margin: 0; color: var(--faint); font-size: 0.875rem; }
  input { font: inherit; padding: 0.25rem 0.5rem; border: 1px solid var(--line); border-radius: 5px; background: transparent; color: inherit; min-width: 16rem; }
  main { display: flex; align-items: flex-start; }
  #picture { overflow: auto; flex: 1; padding: 0.5rem; }
  #picture svg { max-width: none; }
  aside { position: sticky; top: 0; box-sizing: border-box; width: 22rem; max-height: 100vh; overflow: auto; padding: 1rem; border-left: 1px solid var(--line); }
  aside h2 { font-size: 1rem; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
  aside dl { margin: 0; font-size: 0.875rem; }
  aside h3 { font-size: 0.8rem; margin: 1rem 0 0; text-transform: uppercase; letter-spacing: 0.05em; color: var(--faint); }
  aside dt { color: var(--faint); margin-top: 0.5rem; }
  aside dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
  .host { cursor: pointer; outline: none; }
  .host:focus rect, .host.same rect { stroke: var(--mark); stroke-width: 2; }
  .dim { opacity: 0.2; }
  @media (max-width: 60rem) { main { display: block; } aside { width: auto; border-left: 0; border-top: 1px solid var(--line); } }`

// Values reach the page as text only.
const script = `
  const hosts = new Map(JSON.parse(document.getElementById('hosts').textContent).map((host) => [host.host, host]))
  const chips = [...document.querySelectorAll('.host')]
  const aside = document.querySelector('aside')
  const found = document.getElementById('found')
  const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value, undefined, 1))
  const add = (to, kind, text) => { const made = document.createElement(kind); made.textContent = text; to.append(made); return made }
  const list = (title, entries) => {
    const rows = Object.entries(entries ?? {})
    if (rows.length === 0) return
    add(aside, 'h3', title)
    const made = document.createElement('dl')
    for (const [name, value] of rows) { add(made, 'dt', name); add(made, 'dd', shown(value)) }
    aside.append(made)
  }
  const show = (name) => {
    const host = hosts.get(name)
    aside.replaceChildren()
    add(aside, 'h2', name)
    list('declared', { groups: host.groups.join(', ') || 'none but all', ...(host.privateIp && { 'private address': host.privateIp }), ...(host.publicIp && { 'public address': host.publicIp }) })
    list('connection', host.connection)
    list('vars', host.vars)
  }
  const mark = (name) => { for (const chip of chips) chip.classList.toggle('same', chip.dataset.host === name) }
  for (const chip of chips) {
    chip.addEventListener('mouseenter', () => mark(chip.dataset.host))
    chip.addEventListener('focus', () => { mark(chip.dataset.host); show(chip.dataset.host) })
    chip.addEventListener('click', () => chip.focus())
  }
  document.querySelector('input').addEventListener('input', ({ target }) => {
    const words = target.value.toLowerCase().split(/\\s+/).filter(Boolean)
    const fits = new Set([...hosts.values()].filter((host) => { const text = JSON.stringify(host).toLowerCase(); return words.every((word) => text.includes(word)) }).map((host) => host.host))
    for (const chip of chips) chip.classList.toggle('dim', !fits.has(chip.dataset.host))
    found.textContent = words.length === 0 ? '' : fits.size + ' of ' + hosts.size + ' hosts'
  })`

/**
 * An inventory as a page that needs nothing else: the picture, a search over all that is declared, and what is declared
 * of the host that is chosen. It loads nothing, and nothing in the inventory is obeyed.
 */
export function graphHtml(inventory: ShownInventory, options: { readonly narrowed: boolean; readonly vars: boolean }): string[] {
  const groups = Object.keys(inventory.groups).filter((group) => group !== 'all').length
  const title = escaped(`inventory ${inventory.inventory}`)
  const hosts = options.vars ? inventory.hosts : inventory.hosts.map(({ vars: _, ...host }) => host)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    `<style>${style}`,
    '</style>',
    `<header><h1>${title}</h1><p>${inventory.hosts.length} hosts · ${groups} groups</p><input type="search" placeholder="host, group, address" aria-label="search"><p id="found" role="status"></p></header>`,
    '<main><div id="picture">',
    ...graphSvg(inventory, options),
    '</div><aside><p>Choose a host to see what is declared of it.</p></aside></main>',
    `<script type="application/json" id="hosts">${JSON.stringify(hosts).replaceAll('<', '\\u003c')}</script>`,
    `<script>${script}`,
    '</script>',
    '</html>',
  ]
}
