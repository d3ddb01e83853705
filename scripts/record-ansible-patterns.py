#!/usr/bin/python3
"""Records what Ansible makes of host patterns over random inventories: test/engine/ansible-patterns.json.

Needs ansible-core (2.14 was used). What Rollcall does otherwise on purpose is left out and counted; see
docs/ansible-differences.md. Run it from the project's folder: /usr/bin/python3 scripts/record-ansible-patterns.py, then npx biome check --write test/engine
"""
import json, os, random, re, tempfile, fnmatch
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

random.seed(5)
warnings = []
Display.warning = lambda self, message, **_: warnings.append(message)

HOSTS = ['web-1', 'web-2', 'web-10', 'web_a', 'db-1', 'db-2', 'app.example.test', 'app2.example.test', 'edge', 'zeta', 'alpha', '10.0.0.7', 'm1']
IPV6 = ['2001:db8::1', 'fe80::7']
GROUPS = ['web', 'webs', 'db', 'eu', 'us', 'prod', 'apps', 'empty', 'edges']

def inventory():
    hosts = random.sample(HOSTS, random.randint(2, len(HOSTS))) + random.sample(IPV6, random.randint(0, 2))
    random.shuffle(hosts)
    groups = random.sample(GROUPS, random.randint(2, len(GROUPS)))
    tree = {}
    for at, name in enumerate(groups):
        node = {'hosts': {h: None for h in random.sample(hosts, random.randint(0, min(5, len(hosts))))}}
        # A child stands later in the list, so that none is its own.
        later = groups[at + 1:]
        children = random.sample(later, min(len(later), random.choice([0, 0, 0, 1, 2])))
        if children:
            node['children'] = {c: None for c in children}
        tree[name] = node
    return {'all': {'hosts': {h: None for h in hosts}, 'children': tree}}

def item(hosts, groups):
    names = hosts + groups
    kind = random.random()
    if kind < 0.35:
        return random.choice(groups + ['all', 'ungrouped'] if random.random() < .7 else hosts)
    if kind < 0.5:
        return random.choice(groups + ['all']) + random.choice(['[0]', '[1]', '[-1]', '[0:1]', '[1:2]', '[1:]', '[0:0]', '[2:9]', '[-2]'])
    if kind < 0.7:
        name = random.choice(names)
        cut = random.randint(1, len(name))
        return random.choice([name[:cut] + '*', '*' + name[cut:], name[:cut - 1] + '?' + name[cut:], '*', name[:cut - 1] + '[a-w]*', '[!w]*', 'web-[12]*', '*[a-z]'])
    if kind < 0.85:
        name = random.choice(names)
        return '~' + random.choice([re.escape(name), '(web|db)', r'web-\d+$', r'.*\.test$', '.*', '[ab]', r'(?:eu|us)$', name[:2]])
    if kind < 0.95:
        name = random.choice(names)
        return name[:-1] + random.choice(['*', '?', '']) + random.choice(['[0]', '[-1]', '[0:2]', ''])
    return random.choice(['nobody', 'nob*', '~nob', 'wbe[0]'])

def pattern(hosts, groups):
    parts = [random.choice(['', '', '', '&', '!']) + item(hosts, groups) for _ in range(random.choice([1, 1, 2, 2, 3, 4]))]
    separator = random.choice([',', ',', ':', ' , '])
    text = separator.join(parts)
    return random.choice([text, text, text, separator + text, text + separator, text.replace(separator, separator * 2)])

def on_purpose(text, items, manager):
    """Why Rollcall does otherwise, if it does."""
    if '(?:' in text:
        return 'a colon in a glob or an expression'
    for each in items:
        bare = each.lstrip('&!')
        if not bare:
            return 'nothing behind a sign'
        name = re.sub(r'\[[^\]]*\]$', '', bare)
        if ':' in name and (bare[0] == '~' or any(c in name for c in '*?[')):
            return 'a colon in a glob or an expression'
        place = re.match(r'^(.+)\[(-?\d+|\d+[:-]\d*)\]$', bare)
        base = place.group(1) if place and bare[0] != '~' else bare
        wild = base[0] == '~' or any(c in base for c in '*?[')
        if wild:
            try:
                matches = manager._match_list(['all', 'ungrouped'], base)
            except AnsibleError:
                return None
            everybody = len(manager._match_list(list(manager.hosts), base)) == len(manager.hosts)
            if matches and not ('all' in matches and everybody):
                return 'all or ungrouped meant by a glob'
            if place:
                hosts = [h.name for h in manager._enumerate_matches(base)]
                if len(set(hosts)) < len(hosts):
                    return 'hosts of a glob counted twice'
    if ':' in text and ',' not in text and items == [text]:
        bare = text.lstrip('&!')
        if bare not in manager.hosts and re.match(r'^[^\[~]*:[^\[]*$', bare):
            return 'a name and a port'
    if any(':' in each and each.lstrip('&!') not in manager.hosts and not re.search(r'\[\d*:\d*\]$', each) for each in items):
        return 'a colon among commas'
    # Without a comma Ansible takes an address behind a sign apart.
    if any(re.search(r'[0-9a-f]:', name) and name in text for name in manager.hosts) and ',' not in text and items != [text]:
        return 'an address among names'
    return None

cases, left_out = [], {}
for _ in range(40):
    tree = inventory()
    with tempfile.NamedTemporaryFile('w', suffix='.yml', delete=False) as out:
        yaml.safe_dump(tree, out, sort_keys=False)
    manager = InventoryManager(DataLoader(), [out.name])
    os.unlink(out.name)
    hosts = list(manager.hosts)
    groups = {name: [h.name for h in group.get_hosts()] for name, group in manager.groups.items() if name != 'ungrouped'}
    # Whoever is in a group besides the two that everybody may be in.
    grouped = {h.name: [g.name for g in h.groups if g.name not in ('all', 'ungrouped')] for h in manager.hosts.values()}
    asked = []
    for _ in range(40):
        text = pattern(hosts, [g for g in groups if g != 'all'])
        items = split_host_pattern(text)
        why = on_purpose(text, items, manager)
        if why:
            left_out[why] = left_out.get(why, 0) + 1
            continue
        warnings.clear()
        manager.clear_pattern_cache()
        manager._hosts_patterns_cache = {}
        try:
            found = [h.name for h in manager.get_hosts(text)]
            unknown = [w.split('ignoring: ')[1] for w in warnings if 'ignoring: ' in w]
            asked.append({'pattern': text, **({'unknown': unknown} if unknown else {'hosts': found})})
        except AnsibleError as error:
            asked.append({'pattern': text, 'error': str(error)})
    cases.append({'hosts': grouped, 'groups': groups, 'asked': asked})

lines = ',\n'.join(json.dumps(case) for case in cases)
with open('test/engine/ansible-patterns.json', 'w') as out:
    out.write(f'[\n{lines}\n]\n')
print(sum(len(c['asked']) for c in cases), 'patterns; left out:', left_out)
