#!/bin/sh
# As a script of a cloud would print it.
cat <<'J'
{
  "cloud": {"hosts": ["vm-1", "vm-2", "web-us-25.example.test"], "vars": {"provider": "example", "tags": ["auto", "cheap"]}},
  "web_us": {"hosts": ["web-us-25.example.test"]},
  "_meta": {"hostvars": {"vm-1": {"private_ip": "198.51.100.101", "cores": 2}, "vm-2": {"private_ip": "198.51.100.102", "cores": 4, "spot": true}}}
}
J
