# The guest's part of containers.test.ts: real containers of crun, under allowlists for one container and for the host.
. /share/agent.sh
spawn=/usr/lib/portcullis/programs/spawn
work=/tmp/vm
marks=$work/root/marks
mkdir -p $work/root/bin $work/root/proc $work/root/dev $marks $work/policies $work/bin

cp /bin/busybox $work/root/bin/busybox
for name in vault other; do cp $spawn $work/root/bin/$name; done
for name in listed-tool unlisted-tool; do cp $spawn $work/bin/$name; done
ln -s busybox $work/root/bin/sh
printf '#!/bin/busybox sh\n: > "$1"\n' > $work/bin/listed-script
printf '#!/bin/busybox sh\n: > "$1"\n' > $work/bin/unlisted-script
chmod +x $work/bin/*-script

# container CGROUPS-PATH PROGRAM ARGUMENT...: runs it in a container of its own and waits for it.
container() {
	path=$1
	shift
	arguments=
	for argument in "$@"; do arguments="$arguments${arguments:+, }\"$argument\""; done
	mkdir -p $work/bundle
	cat > $work/bundle/config.json << END
{ "ociVersion": "1.0.0",
  "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": ["PATH=/bin"], "args": [$arguments] },
  "root": { "path": "$work/root" },
  "mounts": [{ "destination": "/proc", "type": "proc", "source": "proc" }],
  "linux": { "cgroupsPath": "$path", "namespaces": [{ "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }] } }
END
	crun --cgroup-manager=cgroupfs run --no-pivot --bundle $work/bundle "test-$$" 2>> $work/crun.errors
}

try() { # try CASE COMMAND...: the command ends with the name of the mark, as it is called where it runs
	name=$1
	shift
	"$@" || true
	if [ -e "$marks/$name" ]; then echo "ran $name"; else echo "stopped $name"; fi
	rm -f "$marks/$name"
}

# Ids as engines give them; `docker` and `pod` are the same container, as cgroupfs and as a kubelet slice name it.
one=$(cat /share/one)
two=$(cat /share/two)
all() {
	try vault-in-one container /docker/$one vault mark /marks/vault-in-one
	try other-in-one container /docker/$one other mark /marks/other-in-one
	try shell-in-one container /docker/$one busybox sh -c ': > /marks/shell-in-one'
	try below-vault-in-one container /docker/$one vault fork /bin/other mark /marks/below-vault-in-one
	try other-in-pod container /kubepods.slice/kubepods-burstable.slice/cri-containerd-$one.scope other mark /marks/other-in-pod
	try other-in-two container /docker/$two other mark /marks/other-in-two
	try listed-tool $work/bin/listed-tool mark $marks/listed-tool
	try listed-glob $work/bin/globbed-tool mark $marks/listed-glob
	try unlisted-tool $work/bin/unlisted-tool mark $marks/unlisted-tool
	try listed-script $work/bin/listed-script $marks/listed-script
	try unlisted-script $work/bin/unlisted-script $marks/unlisted-script
	try below-shell sh -c "$work/bin/unlisted-tool mark $marks/below-shell"
}
cp $spawn $work/bin/globbed-tool

section without
all
cp /share/monitor.policy $work/policies/test.policy
start_agent --policies $work/policies
section monitor
all
cp /share/enforce.policy $work/policies/test.policy
reload_agent reload-done
section enforce
all
section metrics
agent_metrics
stop_agent
section log
cat "$AGENT_LOG"
section crun
cat $work/crun.errors
