# The guest's part of control.test.ts: one stand-in, tried after each of the things that an operator can do.
. /share/agent.sh
work=/tmp/vm

mkdir -p $work/policies
cp /usr/lib/portcullis/programs/stand-in $work/miner
cp /share/test.policy $work/policies

try() { # try SECTION
	section "$1"
	($work/miner > /dev/null 2>&1)
	echo "status $?"
}

ask() { # ask SECTION VERB...
	section "$1"
	shift
	portcullis "$@" 2>&1
	echo "status $?"
}

ask 'without an agent' status
try 'before'
start_agent --policies $work/policies
try 'enforced'
ask 'off' off
try 'switched off'
ask 'on' on
try 'switched on'
ask 'monitor' rule deny_miner monitor
try 'in monitor'
kill -HUP "$AGENT_PID"
wait_for "a reload" has_more reload-done 0
try 'in monitor after a reload'
ask 'policy' rule deny_miner policy
try 'given back'
ask 'no such rule' rule deny_mine monitor
ask 'events' events --json
ask 'processes' processes
section 'status'
portcullis status --json
stop_agent
section 'log'
cat "$AGENT_LOG"
