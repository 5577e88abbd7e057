/* SPDX-License-Identifier: GPL-2.0 */
/* The cgroup of the task and the container that its path names. Both are strings, read at the first exec in a cgroup; after it the atoms
 * are looked up. */
#ifndef PORTCULLIS_CGROUP_H
#define PORTCULLIS_CGROUP_H

#include "container.h"
#include "lineage.h"

enum { CGROUP_NAME = SMALL + 512 };

/* One name of the path, written before what is there. */
static long cgroup_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	struct kernfs_node *node = (void *)s->node, *parent;
	u32 from = s->from, length;
	long n;

	if (bpf_core_field_exists(node->parent))
		parent = BPF_CORE_READ(node, parent);
	else
		parent = BPF_CORE_READ((struct kernfs_node___6_15 *)node, __parent);
	if (!parent)
		return 1;
	n = bpf_probe_read_kernel_str(&s->arena[CGROUP_NAME], 256, BPF_CORE_READ(node, name));
	length = n > 0 ? (n - 1) & 0xff : 0;
	if (!length || from < CHUNK + length + 1) {
		s->from = 0;
		return 1;
	}
	from -= length;
	bpf_probe_read_kernel(&s->arena[from & (BLOCK_END - 1)], bound(length, 0xff), &s->arena[CGROUP_NAME]);
	from--;
	s->arena[from & (BLOCK_END - 1)] = '/';
	s->from = from;
	s->node = (u64)parent;
	return 0;
}

/* The path of the task's cgroup into arena[s->from, BLOCK_END). 0 when it is too long. */
static __always_inline int read_cgroup_path(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;

	s->from = BLOCK_END;
	s->node = (u64)BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	bpf_loop(BLOCK_END - CHUNK, cgroup_step, m, 0);
	if (s->from == BLOCK_END) {
		s->from = BLOCK_END - 1;
		s->arena[BLOCK_END - 1] = '/';
	}
	return s->from;
}

/* Sets the atoms of cgroup and container: those kept for the cgroup, or anew. Writes over the argument block. */
static __noinline void cgroup_facts(struct machine *m, struct task_struct *task, u64 generation)
{
	struct scratch *s = m->s;
	const struct pc_header *h = image_header(m->image);
	struct cgroup_key key = { .cgroup = bpf_get_current_cgroup_id(), .generation = generation };
	const u64 sources = 1ull << PC_STREAM_CGROUP | 1ull << PC_STREAM_CONTAINER;
	struct cgroup_bits fresh = {}, *kept = bpf_map_lookup_elem(&cgroups, &key);
	u32 words = h->cgroup_words, first = h->cgroup_word;

	if (kept) {
		s->known |= kept->known;
#pragma unroll
		for (u32 k = 0; k < PC_CGROUP_WORDS; k++)
			if (k < words)
				put_atoms(s, first + k, kept->atoms[k]);
		return;
	}
	if (read_cgroup_path(m, task))
		feed_cgroup(m, s->from, BLOCK_END);
	fresh.known = s->known & sources;
#pragma unroll
	for (u32 k = 0; k < PC_CGROUP_WORDS; k++)
		if (k < words)
			fresh.atoms[k] = s->atoms[(first + k) & (PC_ATOM_WORDS - 1)];
	bpf_map_update_elem(&cgroups, &key, &fresh, BPF_ANY);
}

#endif
