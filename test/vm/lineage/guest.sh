# The guest's part of lineage.test.ts. Each line of a section is "ran CASE" or "stopped CASE".
. /share/agent.sh
spawn=/usr/lib/portcullis/programs/spawn
bin=/tmp/vm/bin
marks=/tmp/vm/marks
mkdir -p $bin $marks /tmp/vm/policies
for name in nginx php-fpm miner tool other; do cp $spawn $bin/$name; done

try() { # try CASE COMMAND...: the command ends with the name of the mark
	name=$1
	shift
	rm -f "$marks/$name"
	"$@" "$marks/$name" || true
	result "$name"
}

result() {
	if [ -e "$marks/$1" ]; then echo "ran $1"; else echo "stopped $1"; fi
}

ways='fork vfork clone-parent thread other-thread double exec'
everything() {
	for way in $ways; do
		try "web-$way" $bin/nginx fork $bin/php-fpm "$way" $bin/tool mark
		try "login-$way" $bin/other fork $bin/php-fpm "$way" $bin/tool mark
		try "twice-$way" $bin/nginx "$way" $bin/other "$way" $bin/tool mark
	done
	try deep $bin/nginx fork $bin/other fork $bin/other exec $bin/other fork $bin/other double $bin/other fork $bin/tool mark
	try web-miner dash -c "$bin/nginx fork $bin/php-fpm fork $bin/miner mark \$0"
	try login-miner dash -c "$bin/php-fpm fork $bin/miner mark \$0"
	try web-miner-not-php $bin/nginx fork $bin/other fork $bin/miner mark
	try replaced $bin/nginx exec $bin/other fork $bin/tool mark
	try after $bin/other fork $bin/other fork $bin/tool mark
}

section without
everything

# Lines of processes that are there before the agent is: one whose upper end is dead already.
for name in early early-login swapped orphan; do rm -f $marks/$name /tmp/vm/go-$name; done
$bin/nginx wait /tmp/vm/go-early fork $bin/tool mark $marks/early &
early=$!
$bin/other wait /tmp/vm/go-early fork $bin/tool mark $marks/early-login &
early_login=$!

cp /share/first.policy /tmp/vm/policies/test.policy
start_agent --policies /tmp/vm/policies

section with
everything
touch /tmp/vm/go-early
wait $early $early_login || true
section early
result early
result early-login

# What was executed under the first policy, by processes that are gone, is known to the second, which asks for something else.
section swapped
$bin/nginx fork $bin/php-fpm double $bin/other wait /tmp/vm/go-swapped fork $bin/tool mark $marks/swapped &
swapped=$!
$bin/other fork $bin/php-fpm double $bin/other wait /tmp/vm/go-swapped fork $bin/tool mark $marks/swapped-login &
swapped_login=$!
sleep 1
cp /share/second.policy /tmp/vm/policies/test.policy
reload_agent reload-done
touch /tmp/vm/go-swapped
wait $swapped $swapped_login || true
result swapped
result swapped-login

# The third asks for no lineage; what begins under it is read from /proc by the fourth.
cp /share/third.policy /tmp/vm/policies/test.policy
reload_agent reload-done
$bin/nginx wait /tmp/vm/go-orphan fork $bin/tool mark $marks/between &
between=$!
sleep 1
cp /share/second.policy /tmp/vm/policies/test.policy
reload_agent reload-done
touch /tmp/vm/go-orphan
wait $between || true
result between

section metrics
agent_metrics
stop_agent
section log
cat "$AGENT_LOG"
