import { basename } from 'node:path'
import { defineCommand } from '../command.ts'
import { completionScripts, type Shell, shells } from '../completion-scripts.ts'

/** `rollcall completion`: for shells. */
export const completion = defineCommand({
  usage: 'completion [shell]',
  summary: 'print a script that completes commands, options, hosts, playbooks and more; for bash, zsh and fish',
  positionals: { shell: { choices: shells, describe: 'default is the shell in $SHELL, else bash' } },
  options: {},
  examples: [
    ['source <(rollcall completion bash)', 'in ~/.bashrc'],
    ['source <(rollcall completion zsh)', 'in ~/.zshrc'],
    ['rollcall completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run(args, { screen, env }) {
    const own = basename(env.SHELL ?? '')
    const shell = args.shell ?? (isShell(own) ? own : 'bash')
    screen.print(completionScripts[shell].trimEnd())
    return 0
  },
})

function isShell(name: string): name is Shell {
  return (shells as readonly string[]).includes(name)
}
