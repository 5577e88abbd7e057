# The guest's part of enforce.test.ts: guest.sh TIER... Every program of the plan without the agent, then under each tier, then
# reloads, then again without the agent. Sections on standard output are what the host reads.
. /share/agent.sh
programs=/usr/lib/portcullis/programs
work=/tmp/vm

mkdir -p $work/bin $work/denied $work/policies
cp $programs/stand-in $work/bin/worker
for name in xmrig-stand-in bad-interpreter; do cp $programs/stand-in $work/bin/$name; done
cp $programs/stand-in $work/denied/worker

script() { # script FILE INTERPRETER-LINE
	echo "#!$2" > "$1"
	chmod +x "$1"
}
script $work/denied/script $work/bin/worker
script $work/bin/script $work/bin/worker
script $work/bin/outer-harmless $work/bin/worker
script $work/bin/script-of-bad $work/bin/bad-interpreter
script $work/bin/script-with-argument "$work/bin/worker -ostratum+tcp://pool.example:3333"
script $work/bin/script-env "/usr/bin/env -S $work/bin/worker -o stratum+tcp://pool.example:3333"
script $work/bin/outer $work/denied/script
script $work/bin/outer-plain $work/bin/script

races() {
	$programs/race $work/bin/worker "$1" bytes
	$programs/race $work/bin/worker "$1" pointers
}

section without
$programs/attempt /share/plan
races 40

for tier in "$@"; do
	cp /share/first.policy $work/policies/test.policy
	start_agent --tier "$tier" --policies $work/policies
	section "with $tier"
	$programs/attempt /share/plan
	races 200
	section "metrics $tier"
	agent_metrics

	section "kept $tier"
	echo 'rules: [' > $work/policies/test.policy
	reload_agent reload-refused
	$programs/attempt /share/short-plan
	section "swapped $tier"
	cp /share/second.policy $work/policies/test.policy
	reload_agent reload-done
	$programs/attempt /share/short-plan

	stop_agent
	section "stopped $tier"
	echo "{\"status\":$?}"
	$programs/attempt /share/short-plan
	section "log $tier"
	cat "$AGENT_LOG"
	section "errors $tier"
	cat "$AGENT_ERRORS"
done
