# Every case of $CASES beside the machine as it was before: pairs of runs of execbench, without and with the peer, which is started
# and stopped for each pair. One line of JSON for each finding. /bench/settings says EXECS, BYTES and CASES.
#
# A case is NAME:PAIRS or NAME=VARIANT:PAIRS; cases/NAME.sh defines start_peer and stop_peer, which get VARIANT. start_peer returns when the peer
# does what it is for, having tried that, and leaves the ids of the peer's processes in $PIDS. READY_AFTER: execs until it is as fast as it
# gets, where those of a run are not enough. MEASURED: execs of a run, where $EXECS are too few for what the peer does once in a while.
. /bench/settings
. /bench/agent.sh
disk=/bench/disk
# WARM_UP of programs/execbench.c.
WARM_UP=100
# Seconds for what a peer still has to work off; they pass at once when nobody has work.
SETTLE=10

# What no peer allows.
cp $disk/bare $disk/forbidden
cp $disk/bare $disk/xmrig

run() { # run CASE ROUND SIDE
	local line
	line=$($disk/execbench "${MEASURED:-$EXECS}" "$BYTES" $disk/bare) || exit 1
	echo "{\"case\":\"$1\",\"round\":$2,\"side\":\"$3\",${line#\{}"
}

# An exec that must not happen, asked for by the caller that is watched. Nothing is measured.
is_refused() {
	! $disk/execbench 1 "$BYTES" "$1" > /dev/null 2>&1
}

# retry COMMAND...: until it succeeds, for a minute.
retry() {
	local tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

# Nanoseconds that the peer's processes have run.
processor_time() {
	local pid
	for pid in $PIDS; do cat /proc/"$pid"/task/*/schedstat; done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

resident() {
	local pid
	for pid in $PIDS; do grep VmRSS "/proc/$pid/status"; done | awk '{ sum += $2 } END { print sum + 0 }'
}

echo "{\"lsm\":\"$(cat /sys/kernel/security/lsm)\"}"
run clean 0 without
for wanted in $CASES; do
	rounds=${wanted##*:}
	case=${wanted%:*}
	variant=${case#*=}
	READY_AFTER=
	MEASURED=
	. "/bench/guest/cases/${case%%=*}.sh"
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		run "$case" $round without
		PIDS=
		if ! start_peer "$variant" > /tmp/peer.log 2>&1; then
			echo "$case does not start:"
			cat /tmp/peer.log
			exit 1
		fi
		if [ -n "$PIDS" ]; then
			# Getting ready is not measured, nor is work that is done once: what is compiled while it runs needs more of it.
			$disk/execbench "${READY_AFTER:-$EXECS}" "$BYTES" $disk/bare > /dev/null || exit 1
			sleep $SETTLE
		fi
		idle=$(processor_time)
		sleep $SETTLE
		before=$(processor_time)
		run "$case" $round with
		# What it still has to work off belongs to the execs; what it does without any does not.
		sleep $SETTLE
		own=$(($(processor_time) - before - (before - idle)))
		echo "{\"case\":\"$case\",\"round\":$round,\"own\":$((own / (${MEASURED:-$EXECS} + WARM_UP))),\"resident\":$(resident)}"
		stop_peer "$variant" > /tmp/peer.log 2>&1 || exit 1
	done
done
