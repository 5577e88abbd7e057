# The guest's part of catalogue.test.ts: guest.sh TRIES PARKED. Every trick without the agent, then with it. Sections on standard
# output are what the host reads.
. /share/agent.sh
programs=/usr/lib/portcullis/programs
work=/tmp/vm
ledger=/tmp/portcullis-test-ledger
tries=$1 # of each race
parked=$2 # programs in the middle of an exec when the agent stops

mkdir -p $work/bin/dynamic $work/denied $work/bound $work/policies $work/text
for name in worker xmrig-stand-in renamed-miner worker-setuid copy-of-denied; do cp $programs/stand-in $work/bin/$name; done
cp $programs/stand-in $work/denied/worker
cp $programs/stand-in-32 $work/bin/worker-32
cp $programs/stand-in-dynamic $work/bin/worker-dynamic
cp $programs/stand-in-dynamic $work/bin/dynamic/xmrig-stand-in
chmod u+s $work/bin/worker-setuid
ln -s ../denied/worker $work/bin/link-to-denied
ln -s worker $work/bin/link-to-worker
ln $work/denied/worker $work/bin/hard-link-of-denied
mount -o bind $work/denied $work/bound
cp /share/scripts/* $work/bin
chmod +x $work/bin/*
cp /share/text/* $work/text
modprobe binfmt_misc
modprobe overlay
echo +cpu > /sys/fs/cgroup/cgroup.subtree_control

late_are_ready() {
	[ "$(ls $work/late | grep -c ready)" -ge "$1" ]
}

# start_late PLAN...: programs that wait for "go"; until each is in place. What becomes of them goes to files.
start_late() {
	local plan
	rm -rf $work/late $work/late-results
	mkdir -m 777 $work/late $work/late-results
	late=
	for plan in "$@"; do
		$programs/attempt "$plan" > "$(mktemp $work/late-results/XXXXXX)" &
		late="$late $!"
	done
	wait_for "the start of late programs" late_are_ready $#
}

finish_late() {
	touch $work/late/go
	wait $late
	cat $work/late-results/*
}

races() {
	local how
	for how in bytes pointers clone shared file mapping writer; do
		$programs/race $work/bin/worker "$tries" $how
		$programs/race $work/bin/worker 20 $how harmless
	done
}

parked_plans() {
	local number
	for number in $(seq "$parked"); do
		echo /share/staged/parked-while-detaching /share/staged/parked-while-detaching+control
	done
}

# Since the machine started; busybox's date knows no nanoseconds.
milliseconds() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# An agent that has a full ring to read answers late.
have_metrics() {
	agent_metrics > $work/metrics && [ -s $work/metrics ]
}

tries_of_all() {
	$programs/attempt /share/plan $ledger
	races
	storm
}

# Programs start while the agent, if there is one, loads one policy after another.
storm() {
	local pids=
	for number in 1 2; do
		$programs/attempt /share/staged/swap-storm > $work/storm-$number &
		pids="$pids $!"
	done
	for pid in $pids; do
		while [ -n "$AGENT_PID" ] && kill -0 "$pid" 2> /dev/null; do
			cp /share/policies/larger.policy $work/policies/test.policy
			reload_agent reload-done
			cp /share/policies/test.policy $work/policies/test.policy
			reload_agent reload-done
		done
	done
	wait $pids
	cat $work/storm-*
}

section without
start_late /share/late/*
finish_late
tries_of_all
for id in agent-stopped ring-full; do $programs/attempt /share/staged/$id; done
start_late $(parked_plans)
finish_late

section with
cp /share/policies/test.policy $work/policies/test.policy
start_late /share/late/*
start_agent --policies $work/policies
finish_late
tries_of_all
kill -STOP "$AGENT_PID"
$programs/attempt /share/staged/agent-stopped
$programs/attempt /share/staged/flood > /dev/null
$programs/attempt /share/staged/ring-full
kill -CONT "$AGENT_PID"
wait_for "the agent's metrics" have_metrics
start_late $(parked_plans)
began=$(milliseconds)
stop_agent
status=$?
echo "{\"case\":\"stop\",\"status\":$status,\"milliseconds\":$(($(milliseconds) - began))}"
finish_late

section metrics
cat $work/metrics
section log
cat "$AGENT_LOG"
