# Mounts the disk with the programs and becomes one of the scripts beside this one: start.sh SCRIPT.
modprobe loop
modprobe ext4
mkdir /bench/disk
mount -t ext4 -o loop,noatime /bench/disk.img /bench/disk || exit 1
case $1 in
*.mjs) exec node "/bench/guest/$1" ;;
*) exec sh "/bench/guest/$1" ;;
esac
