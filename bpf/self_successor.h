/* SPDX-License-Identifier: GPL-2.0 */
/* How the next agent is known: pid 1 forked it, in the unit's control group, and it executes the package's launcher. A parent of pid 1 alone
 * would not do: whoever daemonises gets that. */
#ifndef PORTCULLIS_SELF_SUCCESSOR_H
#define PORTCULLIS_SELF_SUCCESSOR_H

#include "self_places.h"

/* On tasks that pid 1 forked. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u32);
} born_of_init SEC(".maps");

static __always_inline int is_named(struct kernfs_node *node, const char *wanted)
{
	u64 name[PS_NAME / 8] = {};
	const u64 *words = (const u64 *)wanted;

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(node, name));
#pragma unroll
	for (int word = 0; word < PS_NAME / 8; word++)
		if (name[word] != words[word])
			return 0;
	return 1;
}

/* Whether the whole path of the task's control group is the unit's. Never the root. */
static __always_inline int in_unit(struct ps_state *st, struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);

#pragma unroll
	for (u32 level = 0; level < PS_LEVELS; level++) {
		struct kernfs_node *parent = node ? above(node) : 0;

		if (!parent)
			return level > 0 && level == st->unit_levels;
		if (level >= st->unit_levels || !is_named(node, st->unit[level]))
			return 0;
		node = parent;
	}
	return st->unit_levels == PS_LEVELS && node && !above(node);
}

static __always_inline void note_process(struct ps_process *process, struct task_struct *task)
{
	process->pid = 0;
	process->start = BPF_CORE_READ(task, group_leader, start_boottime);
	process->pid = BPF_CORE_READ(task, tgid);
}

#endif
