import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { jsonText, printable } from '../../report/index.ts'
import { type CommandGroup, defineCommand } from '../command.ts'
import { readVault } from '../import-vault.ts'
import { shared, vault } from '../options.ts'
import {
  change,
  chosenLock,
  edit,
  mistake,
  newLock,
  newPath,
  open,
  openNamed,
  problemOf,
  save,
  secretOf,
  unchanged,
} from '../secret-files.ts'

const file = { type: 'string', demandOption: true, describe: 'an age file: a path, or a name in secrets/' } as const
const name = { type: 'string', demandOption: true, describe: 'the name of a secret in it' } as const
const recipient = {
  alias: 'r',
  type: 'string',
  array: true,
  requiresArg: true,
  describe: 'encrypt for this public key (age1…) instead of those in recipients.txt',
} as const
const passphrase = { type: 'boolean', describe: 'lock it with a passphrase instead, asked on the terminal' } as const

const create = defineCommand({
  usage: 'create <file>',
  summary: 'make a file of secrets: in your editor, or from a JSON object on standard input',
  positionals: { file },
  options: { recipient, passphrase },
  examples: [
    ['rollcall secret create lab', 'secrets/lab.age; without a list of recipients it begins one, with your public key'],
    ['rollcall secret create lab <plain.json', 'from a file in clear; remove that afterwards'],
  ],
  async run(args, context) {
    const { secrets, place } = await open(context)
    const path = newPath(args.file, context)
    if (existsSync(path))
      throw mistake('The file is there already', place.shown(path), `Change it:\nrollcall secret edit ${place.shown(path)}`)
    const lock = await newLock(path, args, context)
    let text: string
    if (secrets.canAsk()) {
      const example = '{\n  "example": "replace this line by your secrets"\n}\n'
      text = await edit(example, context, secrets)
      if (text === example)
        throw mistake('Nothing was written, so nothing was saved', place.shown(path), 'Replace the example by secrets of yours.')
    } else {
      const given = await secrets.readInput()
      text = given.trim() === '' ? secrets.formatDocument(new Map()) : given
      const problem = problemOf(text, secrets)
      if (problem !== undefined)
        throw mistake('Standard input does not hold names and texts', problem, `One JSON object of texts is wanted: {"name": "value"}`)
    }
    return save(path, text, lock, context, secrets)
  },
})

const editFile = defineCommand({
  usage: 'edit <file>',
  summary: 'open the secrets of a file in $VISUAL or $EDITOR; what is wrong is not saved',
  positionals: { file },
  options: {},
  examples: [['rollcall secret edit lab', 'a JSON object of names and texts, in a folder in memory that goes away']],
  async run(args, context) {
    const { secrets, opened, place } = await openNamed(args.file, context)
    const lock = await secrets.lockOf(opened, place)
    const text = await edit(opened.text, context, secrets)
    if (text === opened.text) return unchanged(opened, context)
    return save(opened.path, text, lock, context, secrets)
  },
})

const set = defineCommand({
  usage: 'set <file> <name>',
  summary: 'set one secret: asked on the terminal, or from standard input without its last line break',
  positionals: { file, name },
  options: {},
  examples: [
    ['rollcall secret set lab sudoPassword', 'asks twice, shows nothing'],
    ['openssl rand -base64 24 | rollcall secret set lab sudoPassword', 'from a program; a value is never an argument'],
  ],
  run: (args, context) => change(args, context, async (secrets) => (await secrets.readValue(args.name)).replace(/\r?\n$/, '')),
})

const encrypt = defineCommand({
  usage: 'encrypt <file> <name>',
  summary: 'set one secret to standard input exactly as it is, line breaks and all: keys, certificates',
  positionals: { file, name },
  options: {},
  examples: [['rollcall secret encrypt lab tlsKey <tls.key', 'a file of several lines']],
  run: (args, context) => change(args, context, (secrets) => secrets.readInput()),
})

const get = defineCommand({
  usage: 'get <file> <name>',
  summary: 'print one secret, exactly as it is where stdout is no terminal',
  positionals: { file, name },
  options: {},
  examples: [['rollcall secret get lab tlsKey | openssl pkey -noout', 'for a program']],
  async run(args, context) {
    const { opened, place } = await openNamed(args.file, context)
    const value = secretOf(opened, args.name, place.shown(opened.path))
    context.stdout.write(context.stdout.isTTY && !value.endsWith('\n') ? `${value}\n` : value)
    return 0
  },
})

const view = defineCommand({
  usage: 'view <file> [name]',
  summary: 'print the secrets of a file in clear, or one of them',
  positionals: { file, name: { type: 'string', describe: name.describe } },
  options: {},
  examples: [['rollcall secret view lab', 'all of them, as JSON']],
  async run(args, context) {
    const { opened, place } = await openNamed(args.file, context)
    const text = args.name === undefined ? opened.text : secretOf(opened, args.name, place.shown(opened.path))
    context.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    return 0
  },
})

const list = defineCommand({
  usage: 'list <file>',
  summary: 'print the names in a file, and no value',
  positionals: { file },
  options: { format: shared.format },
  examples: [['rollcall secret list lab', 'one name a line']],
  async run(args, context) {
    const { opened } = await openNamed(args.file, context)
    const names = [...opened.values.keys()]
    for (const line of args.format === 'json' ? [jsonText(names)] : names.map(printable)) context.screen.print(line)
    return 0
  },
})

const remove = defineCommand({
  usage: 'remove <file> <name>',
  summary: 'take one secret out of a file',
  positionals: { file, name },
  options: {},
  examples: [['rollcall secret remove lab oldPassword', 'what was there stays in the history of git: change it where it is used']],
  async run(args, context) {
    const { secrets, opened, place } = await openNamed(args.file, context)
    secretOf(opened, args.name, place.shown(opened.path))
    const left = new Map([...opened.values].filter(([each]) => each !== args.name))
    return save(opened.path, secrets.formatDocument(left), await secrets.lockOf(opened, place), context, secrets)
  },
})

const rekey = defineCommand({
  usage: 'rekey <file>',
  summary: 'encrypt a file anew for those who stand in recipients.txt now, or for others',
  positionals: { file },
  options: { recipient, passphrase },
  examples: [
    ['rollcall secret rekey lab', 'after a change of secrets/recipients.txt; who was taken out knows the old values all the same'],
  ],
  async run(args, context) {
    const { secrets, opened, place } = await openNamed(args.file, context)
    const path = opened.path
    const chosen = await chosenLock(path, args, context)
    return save(path, opened.text, chosen ?? (await secrets.lockOf({ path }, place)), context, secrets)
  },
})

const importVault = defineCommand({
  usage: 'import <vault> <file>',
  summary: 'take the secrets of a file of Ansible Vault over into a file of age, which is made where it is not there',
  positionals: {
    vault: { type: 'string', demandOption: true, describe: 'a file that ansible-vault encrypted, or one with !vault values' },
    file,
  },
  options: {
    name: { type: 'string', requiresArg: true, describe: 'keep the whole text as one secret of this name: keys, certificates' },
    recipient,
    passphrase,
    ...vault,
  },
  examples: [
    ['rollcall secret import group_vars/all/vault.yml lab', 'its values, by their names; smtp.password becomes smtp_password'],
    ['rollcall secret import files/tls.key lab --name tlsKey', 'a file that was encrypted as a whole'],
  ],
  async run(args, context) {
    const { secrets, place } = await open(context)
    const taken = await readVault(args.vault, args.name, context)
    const path = newPath(args.file, context)
    const opened = existsSync(path) ? await secrets.openFile(path, place) : undefined
    for (const [each, value] of taken)
      if ((opened?.values.get(each) ?? value) !== value)
        throw mistake(
          'A secret of this name is there already, and is another',
          `'${each}' in ${place.shown(path)}`,
          `Nothing was imported. Take it away, or import into another file:\nrollcall secret remove ${args.file} ${each}`,
        )
    const lock =
      (opened && (await chosenLock(path, args, context))) ?? (await (opened ? secrets.lockOf(opened, place) : newLock(path, args, context)))
    return save(path, secrets.formatDocument(new Map([...(opened?.values ?? []), ...taken])), lock, context, secrets)
  },
})

const keygen = defineCommand({
  usage: 'keygen',
  summary: 'make your identity, and print its public key, which others encrypt for',
  positionals: {},
  options: {
    output: { alias: 'o', type: 'string', requiresArg: true, describe: 'file to write; default is ~/.config/rollcall/identity.txt' },
  },
  examples: [['rollcall secret keygen >>secrets/recipients.txt', 'one line more in the list of those who may open the secrets']],
  async run(args, context) {
    const { secrets } = await open(context)
    const usual = secrets.usualIdentityFile(context.env)
    const known = args.output === undefined ? await secrets.findIdentities(context.env) : undefined
    const path = known?.file ?? (args.output === undefined ? usual : resolve(context.cwd, args.output))
    const recipients = known ? await Promise.all(known.identities.map(secrets.recipientOf)) : [await secrets.makeIdentity(path)]
    context.screen.note(
      known
        ? `you have an identity already, in ${path}; its public key:`
        : `your identity is in ${path}: keep a copy where it is safe, nothing else opens what is encrypted for it. Its public key:`,
    )
    for (const line of recipients) context.screen.print(line)
    return 0
  },
})

/** `rollcall secret`: files of secrets, in the format of age. */
export const secret: CommandGroup = {
  usage: 'secret',
  summary: 'keep secrets in files that age encrypts',
  commands: [create, editFile, set, encrypt, get, view, list, remove, rekey, importVault, keygen],
}
