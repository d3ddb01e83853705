import type { ShownInventory } from '../../show-inventory.ts'
import { addressOf, type Box, type Chip, chipHeight, layOut, longest } from './lay-out.ts'

/** Text of the inventory as text of a page: nothing in it is obeyed. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)};`)
}

// Without variables, which viewers other than browsers do not know.
const style = `
  svg { background: #ffffff; font-family: system-ui, 'DejaVu Sans', sans-serif; }
  text { fill: #1d2433; font-size: 13px; }
  .group > rect { fill: #1b6ac9; fill-opacity: 0.06; stroke: #c3cad6; }
  .elsewhere > rect { stroke-dasharray: 4 3; }
  .group > text { font-weight: 600; }
  .group .size { font-weight: 400; fill: #667085; }
  .host rect { fill: #ffffff; stroke: #c3cad6; }
  .host .address, .host .times { font-size: 11px; fill: #667085; }
  .host .times { fill: #1b6ac9; text-anchor: end; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12161f; }
    text { fill: #e6e9f0; }
    .group > rect { fill: #6aa9f7; stroke: #3c4658; }
    .host rect { fill: #1d2433; stroke: #3c4658; }
    .group .size, .host .address { fill: #98a2b3; }
    .host .times { fill: #6aa9f7; }
  }`

/** An inventory as a picture that stands alone: groups are boxes, hosts stand in the innermost of their groups. */
export function graphSvg(inventory: ShownInventory, { narrowed }: { readonly narrowed: boolean }): string[] {
  const { width, height, boxes, chipWidth } = layOut(inventory, narrowed)
  const title = `${inventory.inventory}: ${inventory.hosts.length} hosts`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}`,
    '</style>',
    ...boxes.flatMap((box) => drawBox(box, chipWidth)),
    '</svg>',
  ]
}

function drawBox({ group, size, elsewhere, x, y, width, height, boxes, chips }: Box, chipWidth: number): string[] {
  const note = elsewhere ? 'drawn above' : `${size} ${size === 1 ? 'host' : 'hosts'}`
  return [
    `<g class="group${elsewhere ? ' elsewhere' : ''}" data-group="${escaped(group)}"><title>${escaped(`${group}: ${note}`)}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`,
    `<text x="${x + 12}" y="${y + 20}">${escaped(cut(group))} <tspan class="size">${note}</tspan></text>`,
    ...chips.map((chip) => drawChip(chip, chipWidth)),
    ...boxes.flatMap((box) => drawBox(box, chipWidth)),
    '</g>',
  ]
}

function drawChip({ host, x, y, times }: Chip, width: number): string {
  const address = addressOf(host)
  const about = [host.host, address, `groups: ${host.groups.join(', ') || 'none but all'}`].filter(Boolean).join('\n')
  return [
    `<g class="host" data-host="${escaped(host.host)}" tabindex="0"><title>${escaped(about)}</title>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${chipHeight}" rx="5"/>`,
    `<text x="${x + 10}" y="${y + (address ? 16 : 24)}">${escaped(cut(host.host))}</text>`,
    address ? `<text class="address" x="${x + 10}" y="${y + 31}">${escaped(cut(address))}</text>` : '',
    times > 1 ? `<text class="times" x="${x + width - 8}" y="${y + 31}">${times} groups</text>` : '',
    '</g>',
  ].join('')
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}
