# Every execve is recorded with its arguments. It refuses nothing.
start_peer() {
	mkdir -p /etc/audit/plugins.d /var/log/audit
	chmod 750 /etc/audit /etc/audit/plugins.d
	chmod 700 /var/log/audit
	cat > /etc/audit/auditd.conf <<-'CONF'
		local_events = yes
		write_logs = yes
		log_file = /var/log/audit/audit.log
		log_format = RAW
		flush = incremental_async
		freq = 50
		max_log_file = 64
		num_logs = 2
		max_log_file_action = rotate
		space_left = 8
		space_left_action = ignore
		admin_space_left = 4
		admin_space_left_action = ignore
		disk_full_action = ignore
		disk_error_action = ignore
		plugin_dir = /etc/audit/plugins.d
	CONF
	chmod 640 /etc/audit/auditd.conf
	rm -f /var/run/auditd.pid
	auditd && retry test -s /var/run/auditd.pid || return 1
	PIDS=$(cat /var/run/auditd.pid)
	auditctl -b 8192 && auditctl --backlog_wait_time 60000 && auditctl -e 1 &&
		auditctl -a always,exit -F arch=b64 -S execve && $disk/execbench 1 "$BYTES" $disk/bare &&
		retry grep -q type=EXECVE /var/log/audit/audit.log
}

stop_peer() {
	auditctl -D
	auditctl -e 0
	kill "$PIDS"
	retry gone "$PIDS"
	rm -f /var/log/audit/audit.log*
}

gone() {
	[ ! -d "/proc/$1" ]
}
