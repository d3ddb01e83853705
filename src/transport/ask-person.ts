import { loginSettings } from '../util/login-settings.ts'
import { runProgram } from './openssh-program.ts'

/** Whether there is anybody to answer a question: at our terminal, or through the program that SSH_ASKPASS names. */
export function somebodyToAsk(): boolean {
  return loginSettings().ask !== undefined || askpass() !== undefined
}

let asking: Promise<unknown> = Promise.resolve()

/** Asks one thing after the other, whoever wants to know: hosts log in at the same time. Undefined where nobody answers. */
export function askPerson(question: string): Promise<string | undefined> {
  const answer = asking.then(() => askNow(question))
  asking = answer.catch(() => undefined)
  return answer
}

async function askNow(question: string): Promise<string | undefined> {
  const { ask } = loginSettings()
  const program = askpass()
  if (ask && (program === undefined || !preferred())) return ask(question)
  if (program === undefined) return undefined
  const said = await runProgram(program, [`${question}: `]).catch(() => undefined)
  return said?.code === 0 ? said.stdout.replace(/[\r\n][\s\S]*$/, '') : undefined
}

const preferred = () => ['force', 'prefer'].includes(process.env.SSH_ASKPASS_REQUIRE ?? '')

/** As ssh(1) has it: without a display only where it is required. */
function askpass(): string | undefined {
  const { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: required, DISPLAY: x, WAYLAND_DISPLAY: wayland } = process.env
  if (!program || required === 'never') return undefined
  return preferred() || x || wayland ? program : undefined
}
