# The noise: the machine beside itself.
start_peer() {
	true
}

stop_peer() {
	true
}
