# The agent with the policy /bench/policies/VARIANT.
READY_AFTER=3000

start_peer() {
	start_agent --policies "/bench/policies/$1"
	PIDS=$AGENT_PID
	case $1 in
	enforce-*) is_refused $disk/xmrig ;;
	*) true ;;
	esac
}

stop_peer() {
	stop_agent
}
