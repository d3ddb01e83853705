#!/usr/bin/python3
"""Records what Ansible makes of inventories: test/load/ansible-inventories/recorded.json, from cases.yml and folders beside it.

Needs ansible-core (2.14 was used). Run it from the project's folder:
/usr/bin/python3 scripts/record-ansible-inventories.py && npx biome check --write test/load/ansible-inventories
With paths as arguments it prints what Ansible makes of those, a line of JSON each.
"""
import json, os, sys, tempfile
import yaml
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError
from ansible.utils.context_objects import GlobalCLIArgs
from ansible.utils.display import Display

folder = 'test/load/ansible-inventories'
password = os.path.abspath(os.path.join(folder, 'vault-password'))
warnings = []
Display.warning = lambda self, message, **_: warnings.append(message.strip())

def decided(group):
    """Whether Ansible itself gives the hosts of a group in one order: below several groups it walks sets."""
    level, seen = [group], set()
    while level:
        with_children = [g for g in level if g.child_groups]
        if level != [group] and len(with_children) > 1:
            return False
        seen.update(level)
        level = [c for g in level for c in g.child_groups if c not in seen]
    return True

def listing(path):
    """What `ansible-inventory --list` prints, and the order of hosts where that is decided."""
    warnings.clear()
    GlobalCLIArgs._Singleton__instance = None  # Else it is the first one's for ever.
    cli = InventoryCLI(['ansible-inventory', '--list', '-i', path, '--vault-password-file', password])
    try:
        cli.parse()
        cli.loader, cli.inventory, cli.vm = cli._play_prereqs()
        listed = json.loads(cli.dump(cli.json_inventory(cli._get_group('all'))))
    except (AnsibleError, TypeError) as error:
        return {'refused': str(error).replace(os.path.dirname(path) + '/', '').strip().split('\n')[0]}
    failed = [w for w in warnings if 'Failed to parse' in w or 'Unable to parse' in w or 'No inventory was parsed' in w]
    if failed:
        told = [w for w in failed if 'with yaml plugin' in w] + [w for w in reversed(failed) if 'Failed' in w] + failed
        return {'refused': told[0].replace(os.path.dirname(path) + '/', '').split('\n')[0].strip('* ')}
    hostvars = listed.pop('_meta')['hostvars']
    members = {name: [h.name for h in g.get_hosts()] for name, g in cli.inventory.groups.items() if decided(g)}
    return {'groups': listed, 'hostvars': hostvars, 'members': members}

def write(root, files, executable):
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as out:
            out.write(text)
        os.chmod(path, 0o755 if name in executable else 0o644)

if __name__ == '__main__':
    if len(sys.argv) > 1:
        for path in sys.argv[1:]:
            print(json.dumps(listing(path)))
        sys.exit()
    recorded = {}
    with open(os.path.join(folder, 'cases.yml')) as text:
        cases = yaml.safe_load(text)
    for case in cases:
        with tempfile.TemporaryDirectory() as root:
            write(root, case['files'], case.get('executable', []))
            recorded[case['name']] = listing(os.path.join(root, case.get('source', next(iter(case['files'])))))
    for name in sorted(os.listdir(folder)):
        if os.path.isdir(os.path.join(folder, name)):
            recorded[name] = listing(os.path.join(folder, name))
    with open(os.path.join(folder, 'recorded.json'), 'w') as out:
        json.dump(recorded, out, indent=1, ensure_ascii=False)
        out.write('\n')
    refused = [name for name, result in recorded.items() if 'refused' in result]
    print(len(recorded), 'inventories, of which Ansible refuses', len(refused))
