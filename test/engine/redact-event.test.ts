import { expect, test } from 'vitest'
import { redactEvent } from '../../src/model/redact-event.ts'
import { Secret } from '../../src/util/secret.ts'

test('the error that ends a run before its first task is searched for secrets, too', () => {
  const secret = new Secret('correct horse')
  const error = { summary: 'down', detail: `it said ${secret.reveal()}`, exitCode: 4 }
  const event = redactEvent({ event: 'recap', check: false, hosts: {}, durationMs: 1, exitCode: 4, error })
  expect(event).toMatchObject({ error: { summary: 'down', detail: 'it said [secret]', exitCode: 4 } })
})
