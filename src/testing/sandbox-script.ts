/**
 * Builds a sandbox in fresh namespaces and holds it until standard input ends. `$1`: an empty folder. What has a layer of
 * its own may be written; of /proc/sys nothing, for that is the machine's own kernel.
 */
export const sandboxScript = `set -e
read -r pid rest </proc/self/stat
mount -t tmpfs -o mode=0755 sandbox "$1"
cd "$1"
mkdir -m 0700 .sandbox
for from in /*; do
  name=\${from#/}
  case $name in
    bin | sbin | lib | lib32 | lib64 | libx32 | usr | etc | var | home | root | opt | srv) ;;
    *) continue;;
  esac
  if [ -L "$from" ]; then
    cp -P -- "$from" "$name"
    continue
  fi
  mkdir -p "$name" ".sandbox/upper/$name" ".sandbox/work/$name"
  chown --reference="$from" ".sandbox/upper/$name"
  chmod --reference="$from" ".sandbox/upper/$name"
  mount -t overlay -o "lowerdir=$from,upperdir=.sandbox/upper/$name,workdir=.sandbox/work/$name" overlay "$name"
done
mkdir -m 1777 tmp
mkdir dev proc sys outside
mkdir -p .sandbox/upper/run
mkdir run
mount --bind .sandbox/upper/run run
for device in null zero full random urandom tty; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
pivot_root . outside
cd /
umount -l outside
rmdir outside
echo "ready $pid"
exec cat >/dev/null
`
