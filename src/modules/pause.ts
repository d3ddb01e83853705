import { Refusal } from '../dsl/definition.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { fieldsOf } from './result-fields.ts'

/** What `result(task)` has of a pause. */
export interface Paused {
  /** ISO times. */
  readonly start: string
  readonly stop: string
  /** Whole seconds between them. */
  readonly delta: number
  /** What was typed; empty where nothing was asked. */
  readonly userInput: string
  readonly echo: boolean
}

const wait = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))

/** setTimeout takes no more. */
const longest = 2_147_483

/** Waits, or asks the person at the terminal: once a task, however many hosts it runs on. */
export const pause = defineControllerCall({
  name: 'pause',
  summary: 'Wait some time, or for a person at the terminal; once for all hosts of the task',
  params: parameters({
    seconds: Type.Optional(Type.Number({ minimum: 0, maximum: longest, description: 'how long to wait; check mode does not' })),
    minutes: Type.Optional(Type.Number({ minimum: 0, maximum: longest / 60, description: 'the same in minutes; give one of the two' })),
    prompt: Type.Optional(
      Type.String({
        description: 'a question for the person at the terminal; with seconds or minutes it is only shown. Check mode does not ask',
      }),
    ),
    echo: Type.Optional(Type.Boolean({ description: 'false: what is typed is not shown; default true' })),
  }),
  run: async ({ seconds, minutes, prompt, echo = true }, mode): Promise<Paused> => {
    if (seconds !== undefined && minutes !== undefined) throw new Refusal('pause takes either seconds or minutes', 'Give one of the two.')
    const long = seconds ?? (minutes === undefined ? undefined : minutes * 60)
    const once = mode.once ?? (<T>(work: () => Promise<T>) => work())
    return once(async () => {
      const start = new Date()
      const userInput = mode.check ? '' : await pass(long, prompt, echo)
      const stop = new Date()
      return {
        start: start.toISOString(),
        stop: stop.toISOString(),
        delta: Math.round((stop.getTime() - start.getTime()) / 1000),
        userInput,
        echo,
      }
    })

    async function pass(long: number | undefined, prompt: string | undefined, echo: boolean): Promise<string> {
      if (long === undefined) {
        if (!mode.ask)
          throw new Refusal(
            'pause waits for a person, and there is no terminal',
            'Run it on a terminal, or give seconds or minutes to wait for.',
          )
        return mode.ask(prompt ?? 'Press enter to continue', { echo })
      }
      if (prompt !== undefined) mode.say?.(prompt)
      await wait(long)
      return ''
    }
  },
  resultFields: fieldsOf<Paused>({
    start: 'when it began, as an ISO time',
    stop: 'when it ended',
    delta: 'whole seconds between them',
    userInput: 'what was typed; empty where nothing was asked',
    echo: 'whether what was typed was shown',
  }),
})
