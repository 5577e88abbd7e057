/* SPDX-License-Identifier: GPL-2.0 */
/* Who is never acted on, and where nobody is. */
#ifndef PORTCULLIS_PROTECT_H
#define PORTCULLIS_PROTECT_H

#include "guard.h"

enum spared { NOT_SPARED = 0, SPARED_PROTECTED = 1, SPARED_CANARY = 2 };

static __always_inline u32 protection_of(u64 inode, u32 device)
{
	struct pc_inode key = { .inode = inode, .device = device };
	u32 *found = bpf_map_lookup_elem(&protected_files, &key);

	return found ? *found : 0;
}

static __always_inline struct inode *parent_inode(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_parent, mm, exe_file, f_inode);
}

/* Whether what `task` executes, a file at level 0, is left alone whatever the rules say. */
static __noinline u32 spared(struct pc_state *st, struct task_struct *task, u64 inode, u32 device)
{
	u32 pid, protection;
	struct inode *parent;

	if (!st)
		return NOT_SPARED;
	pid = BPF_CORE_READ(task, tgid);
	if (pid == 1 || (st->agent && pid == st->agent))
		return SPARED_PROTECTED;
	protection = protection_of(inode, device);
	if (protection & PC_PROTECT_PROGRAM)
		return SPARED_PROTECTED;
	if (protection & PC_PROTECT_SHELL) {
		parent = parent_inode(task);
		if (parent && (protection_of(BPF_CORE_READ(parent, i_ino), BPF_CORE_READ(parent, i_sb, s_dev)) & PC_PROTECT_LOGIN))
			return SPARED_PROTECTED;
	}
	if (st->canary && bpf_get_current_ancestor_cgroup_id(st->canary_level) != st->canary)
		return SPARED_CANARY;
	return NOT_SPARED;
}

/* An executable that runs from here on. */
static __always_inline void establish(struct pc_file *file)
{
	u64 now;

	if (file->ctime == ANY_TIME || bpf_map_lookup_elem(&established, file))
		return;
	now = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&established, file, &now, BPF_NOEXIST);
}

#endif
