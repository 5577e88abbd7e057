# Starts, reloads and stops the agent in a shell script. To be sourced. Nothing here waits longer than it must, and nothing
# waits for ever: what does not happen within two minutes ends the script with status 1 and the agent's log.
#
# AGENT_LOG, AGENT_ERRORS, AGENT_URL: where its standard output and error go and where its metrics are served.
AGENT_LOG=${AGENT_LOG:-/tmp/agent.log}
AGENT_ERRORS=${AGENT_ERRORS:-/tmp/agent.errors}
AGENT_PORT=${AGENT_PORT:-9477}
AGENT_URL=http://127.0.0.1:$AGENT_PORT
AGENT_PID=

# Prints a line that the host takes for the beginning of the next part of the output.
section() {
	echo "== $*"
}

# wait_for WHAT COMMAND...: until COMMAND succeeds.
wait_for() {
	local what=$1 polls=0
	shift
	until "$@" > /dev/null 2>&1; do
		polls=$((polls + 1))
		if [ $polls -gt 1200 ] || { [ -n "$AGENT_PID" ] && ! kill -0 "$AGENT_PID" 2> /dev/null; }; then
			section failure
			echo "$what did not happen"
			cat "$AGENT_ERRORS" "$AGENT_LOG"
			exit 1
		fi
		sleep 0.1
	done
}

get() {
	if command -v wget > /dev/null; then wget -q -O - "$1"; else curl -sf "$1"; fi
}

is_ready() {
	get "$AGENT_URL/readyz"
}

# start_agent OPTION...: until it is ready.
start_agent() {
	portcullis run --listen "127.0.0.1:$AGENT_PORT" "$@" > "$AGENT_LOG" 2> "$AGENT_ERRORS" &
	AGENT_PID=$!
	wait_for "the start of the agent" is_ready
}

count_in_log() {
	grep -c "\"msg\":\"$1\"" "$AGENT_LOG"
}

has_more() {
	[ "$(count_in_log "$1")" -gt "$2" ]
}

# reload_agent MSG: SIGHUP, until the log has one more line with that msg.
reload_agent() {
	local before
	before=$(count_in_log "$1")
	kill -HUP "$AGENT_PID"
	wait_for "$1 after SIGHUP" has_more "$1" "$before"
}

agent_metrics() {
	get "$AGENT_URL/metrics" | grep '^portcullis_'
}

# Leaves its exit status in $?.
stop_agent() {
	kill -TERM "$AGENT_PID"
	wait "$AGENT_PID"
	set -- $?
	AGENT_PID=
	return "$1"
}
