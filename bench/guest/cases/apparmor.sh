# Caller and program are confined, each by a profile of its own; what the caller's does not name it may not execute.
start_peer() {
	cat > /tmp/apparmor.profile <<-'PROFILE'
		profile caller /bench/disk/execbench {
		  /** rwm,
		  /bench/disk/bare Px,
		  /bench/disk/other-[0-9]* Px,
		}
		profile program /bench/disk/bare {
		  /** rwm,
		}
	PROFILE
	apparmor_parser --skip-cache --replace /tmp/apparmor.profile && is_refused $disk/forbidden
}

stop_peer() {
	apparmor_parser --skip-cache --remove /tmp/apparmor.profile
}
