# The agent with the policy /bench/policies/VARIANT.
start_peer() {
	start_agent --policies "/bench/policies/$1"
	PIDS=$AGENT_PID
	# Where it looks at each exec, until its code is compiled; and a collection of all garbage follows a run.
	case $1 in
	exit-rule)
		READY_AFTER=10000
		MEASURED=5000
		;;
	lineage-rule | every-exec)
		READY_AFTER=3000
		MEASURED=5000
		;;
	esac
	case $1 in
	enforce-*) is_refused $disk/xmrig ;;
	*) true ;;
	esac
}

stop_peer() {
	stop_agent
}
