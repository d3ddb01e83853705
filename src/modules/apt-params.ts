import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'

const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const words = (description: string, pattern?: string) => {
  const word = { type: 'string', minLength: 1, ...(pattern !== undefined && { pattern }) }
  return Type.Optional(Type.Unsafe<string | readonly string[]>({ anyOf: [word, { type: 'array', minItems: 1, items: word }], description }))
}

/** What apt takes. At least one of these must say what shall be: name, deb, upgrade, updateCache, autoremove, autoclean, clean, or state fixed. */
export const aptParams = parameters({
  name: words("one package or several: 'haproxy', 'haproxy=2.6.12-1', 'libc6:amd64'; a version may end in *"),
  deb: words('package files on the host, installed with what they depend on', '^/.*\\.deb$'),
  state: Type.Optional(
    oneOf(['present', 'latest', 'absent', 'buildDep', 'fixed'], {
      description:
        'present (default), the newest version that apt knows, or removed; buildDep: what it takes to build the packages is there; fixed: no dependency is broken',
    }),
  ),
  upgrade: Type.Optional(
    oneOf(['dist', 'full', 'safe', 'yes'], {
      description: 'all packages are the newest that apt would choose: dist and full may remove some for it, safe and yes do not',
    }),
  ),
  updateCache: flag(
    "refresh apt's lists when they are older than cacheValidTime: given alone always, with names only when something is to be installed",
  ),
  cacheValidTime: Type.Optional(Type.Integer({ minimum: 1, description: "seconds for which apt's lists count as fresh; default 3600" })),
  installRecommends: flag("install recommended packages too; default: as the host's apt is configured"),
  allowDowngrade: flag('let a version asked for be older than the one installed'),
  allowChangeHeldPackages: flag('let packages on hold be changed'),
  defaultRelease: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9.+/~_-]*$', description: 'the release to prefer: bookworm-backports' }),
  ),
  onlyUpgrade: flag('leave packages that are not installed alone'),
  purge: flag('when removing, remove configuration files as well'),
  autoremove: flag('no package is left that was installed for others alone and is needed by none'),
  autoclean: flag('no archive is kept of a version that can no longer be fetched'),
  clean: flag('no archive of a package is kept'),
  failOnAutoremove: flag('fail where something would have to be removed'),
  dpkgOptions: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z-]*(,[a-z][a-z-]*)*$',
      description: 'options for dpkg, with commas; default force-confdef,force-confold: configuration files that were changed stay',
    }),
  ),
  policyRcD: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 255,
      description: 'what /usr/sbin/policy-rc.d answers meanwhile: 101 keeps packages from starting their services',
    }),
  ),
  lockTimeout: Type.Optional(Type.Integer({ minimum: 0, description: 'seconds to wait for another user of apt or dpkg; default 300' })),
})
export type AptParams = Params<typeof aptParams>
