# The part of the demo that runs where the kernel decides: guest.sh DIRECTORY SHARE PROGRAMS POLICY TRIES
#
# DIRECTORY is made here and holds the stand-ins; SHARE has agent.sh and plan; PROGRAMS is test/vm/programs, built; POLICY is the
# shipped policy. Sections on standard output are what demo.mjs reads.
directory=$1 share=$2 programs=$3 shipped=$4 tries=$5
AGENT_LOG=$directory/agent.log AGENT_ERRORS=$directory/agent.errors
. "$share/agent.sh"

mkdir -p "$directory/policies"
for name in worker xmrig; do cp "$programs/stand-in" "$directory/$name"; done
script() { # script FILE INTERPRETER-LINE
	echo "#!$2" > "$1"
	chmod +x "$1"
}
script "$directory/kinsing" "$directory/worker"
script "$directory/start" "$directory/worker -ostratum+tcp://pool.example:3333"

try_all() {
	"$programs/attempt" "$share/plan"
	"$programs/race" "$directory/worker" "$tries" bytes
	"$programs/race" "$directory/worker" "$tries" pointers
}

# What a person at a shell sees.
shown() {
	echo "\$ ./xmrig --help"
	(cd "$directory" && ./xmrig --help) 2>&1
	set -- $?
	echo "\$ echo \$?"
	echo "$1"
}

section system
uname -r
cat /sys/kernel/security/lsm
echo

section without
try_all

section policy
sed 's/^mode: monitor$/mode: enforce/' "$shipped" > "$directory/policies/cryptominer.policy"
echo "shipped:  $(grep -n '^mode:' "$shipped")"
echo "here:     $(grep -n '^mode:' "$directory/policies/cryptominer.policy")"

section start
start_agent --policies "$directory/policies"
section before
agent_metrics
section with
try_all
section shell
shown
section after
agent_metrics

section stop
stop_agent
echo $?
section detached
"$programs/attempt" "$share/plan"
section log
cat "$AGENT_LOG"
section errors
cat "$AGENT_ERRORS"
