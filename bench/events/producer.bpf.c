// SPDX-License-Identifier: GPL-2.0
/* Fills a ring with records that were made up beforehand, as fast as it is asked to. For the benchmark of events only.
 *
 *   produce   syscall   BPF_PROG_TEST_RUN: so many records, each a template with numbers and times of its own */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

char LICENSE[] SEC("license") = "GPL";

/* Pids that no process has while pid_max is its default. */
enum { TEMPLATE_BYTES = 2048, TEMPLATES = 64, FIRST_PID = 5000000 };

struct template {
	struct pc_record record;
	__u8 sections[TEMPLATE_BYTES - sizeof(struct pc_record)];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22); /* as the agent's own */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TEMPLATES);
	__type(key, __u32);
	__type(value, struct template);
} templates SEC(".maps");

struct production {
	__u64 first;     /* number of the first record */
	__u32 count;
	__u32 templates; /* that take turns */
	__u32 when_full; /* 0: what finds no room is lost; 1: stop there */
	__u32 made;      /* out */
	__u32 lost;      /* out */
};

static long produce_one(__u32 index, struct production *p)
{
	__u64 number = p->first + p->made;
	__u32 key = number % (p->templates ? p->templates : 1);
	struct template *t = bpf_map_lookup_elem(&templates, &key);
	__u32 size;

	if (!t)
		return 1;
	t->record.sequence = number;
	t->record.exec = number + 1;
	t->record.pid = t->record.tid = FIRST_PID + (number & 0x7fff);
	t->record.time = bpf_ktime_get_boot_ns();
	size = t->record.size;
	if (size < sizeof(t->record) || size > sizeof(*t))
		return 1;
	if (!bpf_ringbuf_output(&ring, t, size, 0)) {
		p->made++;
		return 0;
	}
	if (p->when_full)
		return 1;
	p->made++;
	p->lost++;
	return 0;
}

SEC("syscall")
int produce(struct production *production)
{
	struct production local = *production;
	__u64 count = local.count;

	/* Keeps the compiler from loading count and its neighbour as one register. */
	asm volatile("" : "+r"(count));
	if (bpf_loop(count, produce_one, &local, 0) < 0)
		return -1;
	production->made = local.made;
	production->lost = local.lost;
	return 0;
}
