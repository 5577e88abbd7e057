# How far a forbidden program comes under each way of stopping it. /bench/settings says TRIES and WAYS; a way is NAME=TIER, and
# /bench/policies/NAME the policy. One line of JSON for each try.
. /bench/settings
. /bench/agent.sh
disk=/bench/disk

tries() { # tries WAY ARGUMENT
	$disk/spinbench "$TRIES" "$2" | sed "s/^{/{\"way\":\"$1\",\"argument\":\"$2\",/"
}

for way in $WAYS; do
	start_agent --tier "${way#*=}" --policies "/bench/policies/${way%%=*}"
	# What starting left to do, and what is done once, is no part of it.
	sleep 10
	$disk/spinbench 1 stop-me > /dev/null
	sleep 1
	tries "$way" stop-me
	stop_agent
done
