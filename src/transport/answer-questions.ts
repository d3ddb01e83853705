import type { KeyboardInteractiveAuthMethod, Prompt } from 'ssh2'
import { askPerson, somebodyToAsk } from './ask-person.ts'
import type { SshTarget } from './target.ts'

type Pause = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Answers what a host asks (keyboard-interactive): the one hidden question for a password by the password, once; all else
 * by a person. What nobody can answer is noted down, and ends this attempt.
 */
export function answerPrompts(target: SshTarget, notes: string[], pause: Pause): KeyboardInteractiveAuthMethod['prompt'] {
  const { password, batch, host, user } = target
  let given = false
  const one = async (question: Prompt, alone: boolean): Promise<string | undefined> => {
    const text = question.prompt.replace(/[\s:]+$/, '')
    if (password !== undefined && !given && question.echo !== true && (/passw/i.test(text) || (alone && !asksForCode(text)))) {
      given = true
      return password.reveal()
    }
    const answer = batch === true || !somebodyToAsk() ? undefined : await pause(() => askPerson(`${user}@${host}: ${text}`))
    if (answer === undefined) notes.push(`it asked '${text}', and there is nobody to answer`)
    return answer
  }
  return (_name, _instructions, _language, prompts, finish) => {
    const all = async () => {
      const hidden = prompts.filter(({ echo }) => echo !== true)
      const answers: string[] = []
      for (const question of prompts) {
        const answer = await one(question, hidden.length === 1)
        if (answer === undefined) return []
        answers.push(answer)
      }
      return answers
    }
    all().then(finish, () => finish([]))
  }
}

function asksForCode(text: string): boolean {
  return /\b(code|otp|token|pin|one-time|verification|factor)\b/i.test(text)
}
