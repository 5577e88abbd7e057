# Tricks that are easier told by a shell: tricks.sh TRICK named|harmless [FLAGS]. What is to reach the worker's arguments is in the
# file /tmp/vm/text/named or /tmp/vm/text/harmless, so that no argument of a shell is itself what the policy names.
work=/tmp/vm
worker=$work/bin/worker
text=$work/text/$2

case $1 in
shell) exec $worker -o "$(cat "$text")" ;;
xargs) exec xargs $worker -o < "$text" ;;
overlay) # copied up from the layer below, and executed there
	exec unshare -m sh -c "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work /mnt/all &&
		mount -t overlay -o lowerdir=$work/bin,upperdir=/mnt/upper,workdir=/mnt/work none /mnt/all &&
		touch /mnt/all/worker && exec /mnt/all/worker -o \"\$(cat $text)\""
	;;
bind-over) # in the place of a program that everybody runs
	exec unshare -m sh -c "mount -o bind $worker /usr/bin/true && exec /usr/bin/true \"\$(cat $text)\""
	;;
binfmt) # the kernel finds the interpreter by the bytes that a file begins with
	[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 1
	echo ":trick:M::PCTRICK::$worker:$3" > /proc/sys/fs/binfmt_misc/register
	echo PCTRICK > $work/bin/trick
	chmod +x $work/bin/trick
	$work/bin/trick -o "$(cat "$text")"
	status=$?
	echo -1 > /proc/sys/fs/binfmt_misc/trick
	exit $status
	;;
esac
