# Trusted files may be executed, others not. It watches the file system of the disk alone.
start_peer() {
	mkdir -p /etc/fapolicyd/trust.d /var/lib/fapolicyd /run/fapolicyd
	cat > /etc/fapolicyd/fapolicyd.conf <<-'CONF'
		permissive = 0
		uid = root
		gid = root
		trust = file
		integrity = none
		watch_fs = ext4
		q_size = 800
		subj_cache_size = 1549
		obj_cache_size = 8191
		db_max_size = 50
		do_stat_report = 0
	CONF
	for file in bare execbench; do
		echo "$disk/$file $(stat -c %s $disk/$file) $(sha256sum < $disk/$file | cut -d ' ' -f 1)"
	done > /etc/fapolicyd/fapolicyd.trust
	cat > /etc/fapolicyd/fapolicyd.rules <<-RULES
		deny perm=execute all : path=$disk/forbidden
		allow perm=any all : trust=1
		deny perm=execute all : all
		allow perm=any all : all
	RULES
	chmod 644 /etc/fapolicyd/fapolicyd.rules
	rm -f /run/fapolicyd.pid /etc/fapolicyd/compiled.rules
	fapolicyd --debug-deny > /tmp/fapolicyd.log 2>&1 &
	PIDS=$!
	retry is_refused $disk/forbidden || { cat /tmp/fapolicyd.log; return 1; }
	# An exec that is allowed is no part of getting ready.
	$disk/execbench 1 "$BYTES" $disk/bare
}

stop_peer() {
	kill "$PIDS"
	wait "$PIDS"
	true
}
