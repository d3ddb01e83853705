#!/bin/sh
# Makes the files beside it anew, with ansible-vault (ansible-core 2.14): sh test/secrets/vaults/make.sh
# Passwords: 'correct horse battery', and 'another password' for the label prod.
set -eu
cd "$(dirname "$0")"
passwords=$(mktemp -d)
trap 'rm -rf "$passwords"' EXIT
printf 'correct horse battery\n' >"$passwords/usual"
printf 'another password\n' >"$passwords/prod"
cat >"$passwords/plain.yml" <<'END'
---
db_password: hunter two é
smtp:
  user: mailer
  password: "pass: 'word' \"x\" #1"
api_tokens:
  - first-token
  - second-token
mode: 0644
enabled: yes
empty:
key: |
  -----BEGIN THING-----
  bGluZSBvbmUgb2YgdGhlIGtleSE=
  -----END THING-----
END
printf -- '-----BEGIN THING-----\nbGluZSBvbmUgb2YgdGhlIGtleSE=\n-----END THING-----\n' >"$passwords/key"
ansible-vault encrypt --vault-password-file "$passwords/usual" --output whole.yml "$passwords/plain.yml"
ansible-vault encrypt --vault-id "prod@$passwords/prod" --encrypt-vault-id prod --output labelled.yml "$passwords/plain.yml"
ansible-vault encrypt --vault-password-file "$passwords/usual" --output key.pem "$passwords/key"
{
  printf 'app_port: 8080\n'
  printf 'api.token value' | ansible-vault encrypt_string --vault-password-file "$passwords/usual" --stdin-name api_token
  printf '\nnested:\n'
  printf 'deep secret' | ansible-vault encrypt_string --vault-id "prod@$passwords/prod" --encrypt-vault-id prod --stdin-name inner | sed 's/^/  /'
  printf '\n'
} >inline.yml
chmod 644 *.yml key.pem
