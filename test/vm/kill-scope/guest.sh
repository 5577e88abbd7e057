# The guest's part of kill-scope.test.ts: a fork bomb in a container, and an exec beside it that a rule ends the container for.
. /share/agent.sh
work=/tmp/vm
groups=/sys/fs/cgroup
container=$groups/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

mkdir -p $work/policies $container/inner $groups/docker/other
cp /usr/lib/portcullis/programs/stand-in $work/trigger
cp /share/test.policy $work/policies
cat > $work/hydra << END
#!/usr/bin/dash
while :; do $work/hydra & sleep 0.1; done
END
chmod +x $work/hydra
echo +pids > $groups/cgroup.subtree_control
echo +pids > $groups/docker/cgroup.subtree_control
echo 40 > $container/pids.max

enter() { # enter GROUP COMMAND...
	echo 0 > "$1/cgroup.procs"
	shift
	exec "$@"
}
is_full() { [ "$(cat $container/pids.current)" -gt 30 ]; }

start_agent --policies $work/policies
(enter $groups/docker/other sleep 600) &
bystander=$!
(enter $container/inner $work/hydra) > /dev/null 2>&1 &
wait_for "a container full of processes" is_full
section full
cat $container/pids.current

section trigger
(enter $container $work/trigger)
echo "status $?"
wait_for "the end of the container" grep -q 'populated 0' $container/cgroup.events
section after
cat $container/pids.current
kill -0 $bystander && echo "the bystander lives"

# Nobody in it any more: the next exec is killed all the same.
section again
(enter $container $work/trigger)
echo "status $?"
stop_agent
section log
cat "$AGENT_LOG"
kill $bystander
