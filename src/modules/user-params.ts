import { instanceOf, oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { accountOrNumber, accountPattern } from '../resources/account-script.ts'
import { Secret } from '../util/secret.ts'

// What a field of /etc/passwd can hold: nothing that would end it or the line.
const field = '[^:\\u0000-\\u001f\\u007f]*'
const path = (description: string) => Type.String({ pattern: `^/${field}$`, description })

/** Parameters of the module `user`. */
export const userParams = parameters({
  name: Type.String({ pattern: accountPattern, description: 'the user' }),
  state: Type.Optional(oneOf(['present', 'absent'], { description: 'present (default) or removed' })),
  uid: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 4_294_967_294,
      description: 'its number; files outside the home keep the old one when it changes',
    }),
  ),
  nonUnique: Type.Optional(Type.Boolean({ description: 'allow a uid that another user has' })),
  group: Type.Optional(
    Type.String({
      pattern: accountOrNumber,
      description: 'the primary group, by name or by number in quotes; default for a new user: a group of its own name',
    }),
  ),
  groups: Type.Optional(
    Type.Unsafe<string | readonly string[]>({
      anyOf: [
        { type: 'string', pattern: '^[A-Za-z0-9_.$, -]*$' },
        { type: 'array', items: { type: 'string', pattern: accountOrNumber } },
      ],
      description: "other groups the user is in, as a list or 'adm,sudo'; it leaves all others, unless append is set; [] leaves all",
    }),
  ),
  append: Type.Optional(Type.Boolean({ description: 'add groups to those the user is in already' })),
  comment: Type.Optional(Type.String({ pattern: `^${field}$`, description: 'the full name (GECOS); no colon' })),
  home: Type.Optional(path('the home directory; default for a new user: /home/<name>')),
  createHome: Type.Optional(
    Type.Boolean({ description: 'make the home directory where it is missing; default true, for system users too' }),
  ),
  moveHome: Type.Optional(Type.Boolean({ description: 'when home changes, move what is in the old one' })),
  skeleton: Type.Optional(path('what a new home is filled from; default /etc/skel')),
  shell: Type.Optional(path('the login shell')),
  system: Type.Optional(Type.Boolean({ description: 'take the number from those for system users; counts only when the user is made' })),
  password: Type.Optional(
    Type.Unsafe<string | Secret>({
      anyOf: [instanceOf('Secret', Secret), { type: 'string', minLength: 1 }], // The secret first: what `rollcall do` is given is one.
      description: "its hash as in /etc/shadow ('$y$…', '$6$…'; '*' for none that fits): plain passwords are refused; never shown",
    }),
  ),
  updatePassword: Type.Optional(
    oneOf(['always', 'onCreate'], {
      description: 'always (default): a password that differs is replaced; onCreate: only new users get it',
    }),
  ),
  passwordLock: Type.Optional(Type.Boolean({ description: 'no login by password, until it is unlocked; keys still work' })),
  expires: Type.Optional(
    Type.Unsafe<number | string>({
      anyOf: [{ type: 'number' }, { type: 'string', pattern: '^(never|[0-9]{4}-[0-9]{2}-[0-9]{2})$' }],
      description: "when the account ends: '2027-01-31', or seconds since 1970 (UTC); 'never' or -1 for no end",
    }),
  ),
  remove: Type.Optional(Type.Boolean({ description: 'with state absent: remove home and mail as well' })),
  force: Type.Optional(Type.Boolean({ description: 'with state absent: remove it even while it is logged in' })),
})
export type UserParams = Params<typeof userParams>
