#!/bin/sh
# Makes a Debian 13 with systemd into a host under Portcullis: the package, the shipped policy in monitor, and a Prometheus that
# scrapes the agent and knows its alert rules. Run as root; run again, it brings the machine up to date.
#
# usage: provision.sh PACKAGE.deb DIRECTORY
#
# DIRECTORY has prometheus.yml and portcullis.rules.yml, as deploy/prometheus has them. They replace /etc/prometheus/prometheus.yml; what
# was there the first time stays as prometheus.yml.before-portcullis. Without a network it works where Prometheus and what the package
# depends on are installed already.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: $0 PACKAGE.deb DIRECTORY" >&2
	exit 2
fi
package=$(readlink -e "$1")
rules=$2
export DEBIAN_FRONTEND=noninteractive

installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$@" 2> /dev/null | grep -cx installed
}

# Prometheus comes first: what the agent does from its first moment on is scraped then.
if [ "$(installed prometheus curl)" -ne 2 ]; then
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends prometheus curl
fi
config=/etc/prometheus/prometheus.yml
if [ -e $config ] && [ ! -e $config.before-portcullis ]; then cp -p $config $config.before-portcullis; fi
install -m 0644 "$rules/portcullis.rules.yml" "$rules/prometheus.yml" /etc/prometheus/
promtool check config $config
systemctl enable prometheus
systemctl restart prometheus

# The package starts its unit, which is up when a policy is in force.
apt-get -qq install -y --allow-downgrades "$package"
portcullis status

# A scrape comes every 15 seconds.
tries=120
until curl -sf 'http://127.0.0.1:9090/api/v1/query?query=portcullis_ready' | grep -q '"1"\]'; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ]; then
		echo "provision.sh: Prometheus has not scraped the agent; systemctl status prometheus portcullis" >&2
		exit 1
	fi
	sleep 1
done
echo 'Portcullis reports, and Prometheus scrapes it: http://127.0.0.1:9090'
