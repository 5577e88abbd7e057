# The caller's domain enforces what it may execute, with which arguments. Its policy is loaded once and stays; what is turned on and
# off is the profile of the domain.
domain='<kernel> /bench/disk/execbench'

start_peer() {
	[ -e /etc/tomoyo/policy/current ] || load_policy
	tomoyo-setprofile 3 "$domain" && is_refused $disk/forbidden && ! is_refused $disk/bare
}

stop_peer() {
	tomoyo-setprofile 0 "$domain"
}

load_policy() {
	mkdir -p /etc/tomoyo/policy/current
	cat > /etc/tomoyo/policy/current/profile.conf <<-'CONF'
		PROFILE_VERSION=20150505
		0-COMMENT=off
		0-PREFERENCE={ max_audit_log=0 max_learning_entry=0 }
		0-CONFIG={ mode=disabled grant_log=no reject_log=no }
		3-COMMENT=on
		3-PREFERENCE={ max_audit_log=0 max_learning_entry=0 }
		3-CONFIG={ mode=disabled grant_log=no reject_log=no }
		3-CONFIG::file::execute={ mode=enforcing grant_log=no reject_log=no }
	CONF
	cat > /etc/tomoyo/policy/current/exception_policy.conf <<-'CONF'
		initialize_domain /bench/disk/execbench from any
		keep_domain any from <kernel> /bench/disk/execbench
	CONF
	cat > /etc/tomoyo/policy/current/domain_policy.conf <<-'CONF'
		<kernel>
		use_profile 0
		use_group 0

		<kernel> /bench/disk/execbench
		use_profile 0
		use_group 0
		file execute /bench/disk/bare exec.argc=12 exec.argv[1]="start" exec.argv[4]="--memory=\*" exec.argv[11]!="--privileged"
	CONF
	echo /usr/bin/tomoyo-loadpolicy > /etc/tomoyo/policy/current/manager.conf
	echo /usr/bin/tomoyo-setprofile >> /etc/tomoyo/policy/current/manager.conf
	: > /etc/tomoyo/policy/current/stat.conf
	for file in /etc/tomoyo/policy/current/*.conf; do ln -s "$file" "/etc/tomoyo/${file##*/}"; done
	# The kernel asks for its policy when somebody executes this path.
	cp $disk/bare /usr/bin/init
	/sbin/init
}
