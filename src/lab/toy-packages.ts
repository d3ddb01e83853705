/** A package that exists for tests alone. `files` are paths in the package with their content; `scripts` are maintainer scripts. */
export interface ToyPackage {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly conffiles: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

function toy(version: string): ToyPackage {
  return {
    name: 'rollcall-toy',
    version,
    description: 'toy with a configuration file, in several versions',
    conffiles: ['/etc/rollcall-toy.conf'],
    files: {
      '/etc/rollcall-toy.conf': `# rollcall-toy ${version}\ncolour = ${version === '1.0' ? 'red' : 'green'}\n`,
      '/usr/bin/rollcall-toy': `#!/bin/sh\necho rollcall-toy ${version}\n`,
    },
    scripts: {},
  }
}

const unit = `[Unit]
Description=Toy service of the lab
[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/true
[Install]
WantedBy=multi-user.target
`

/** In several versions, so that upgrade, downgrade and hold can be tested; and one that brings a service. */
export const toyPackages: readonly ToyPackage[] = [
  toy('1.0'),
  toy('1.1'),
  toy('2.0'),
  {
    name: 'rollcall-toyd',
    version: '1.0',
    description: 'toy that brings a systemd unit and starts it, as Debian packages do',
    conffiles: [],
    files: { '/lib/systemd/system/rollcall-toyd.service': unit },
    scripts: {
      postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  deb-systemd-helper enable rollcall-toyd.service
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    deb-systemd-invoke restart rollcall-toyd.service
  fi
fi
`,
      prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop rollcall-toyd.service; fi
`,
      postrm: `#!/bin/sh
set -e
if [ "$1" = purge ]; then deb-systemd-helper purge rollcall-toyd.service; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
`,
    },
  },
]
