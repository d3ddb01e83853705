/**
 * Builds a sandbox in fresh namespaces and holds it until standard input ends. `$1`: an empty folder. What has a layer of
 * its own may be written; of /proc/sys nothing, for that is the machine's own kernel. As few processes as can be: there is
 * one for each case.
 */
export const sandboxScript = `set -e
umask 022
read -r pid rest </proc/self/stat
mount -t tmpfs -o mode=0755 sandbox "$1"
cd "$1"
mkdir -m 0700 .sandbox
mkdir -m 1777 tmp
links= folders= layers=
for name in bin sbin lib lib32 lib64 libx32 usr etc var home root opt srv; do
  if [ -L "/$name" ]; then links="$links /$name"
  elif [ -d "/$name" ]; then folders="$folders $name" layers="$layers .sandbox/upper/$name .sandbox/work/$name"
  fi
done
[ -z "$links" ] || cp -P -- $links .
mkdir -p $folders $layers .sandbox/upper/run run dev proc sys outside
chmod --reference=/root .sandbox/upper/root
for name in $folders; do
  mount -t overlay -o "lowerdir=/$name,upperdir=.sandbox/upper/$name,workdir=.sandbox/work/$name" overlay "$name"
done
mount --bind .sandbox/upper/run run
for device in null zero random urandom tty; do
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
