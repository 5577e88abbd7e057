/* SPDX-License-Identifier: GPL-2.0 */
/* Lineage of tasks that lived before an image: user space works it out from what they executed, and an iterator over all tasks puts it in
 * place while the image is still the shadow. Forks and execs go on meanwhile; each pass names the tasks that are not whole yet, and user
 * space reads until there are none. */
#ifndef PORTCULLIS_ANCESTRY_H
#define PORTCULLIS_ANCESTRY_H

#include "lineage.h"

static __always_inline void put_set(struct lineage_set *set, struct pc_ancestry *a, u64 generation)
{
#pragma unroll
	for (u32 k = 0; k < PC_LINEAGE_WORDS; k++) {
		/* of a program that this image saw executed, the kernel's own bits stand */
		if (set->generation != generation) {
			set->self.yes[k] = a->self[k];
			set->self.unknown[k] = a->self_unknown[k];
		}
		set->ancestors.yes[k] = a->ancestors[k];
		set->ancestors.unknown[k] = a->ancestors_unknown[k];
	}
	set->complete = 1;
	set->generation = generation;
}

static __always_inline void restore_lineage(struct seq_file *seq, struct task_struct *task)
{
	u32 zero = 0, slot;
	struct pc_state *st = bpf_map_lookup_elem(&state, &zero);
	struct lineage *lineage = bpf_task_storage_get(&lineages, task, 0, 0);
	struct pc_ancestry_key key = {};
	struct pc_orphan orphan = {};
	struct pc_ancestry *a;
	struct lineage_set *set;
	u64 generation, epoch, stale;

	if (!st)
		return;
	slot = (st->word >> PC_WORD_SHADOW_SHIFT) & 0xff;
	if (slot >= PC_SLOTS)
		return;
	slot = bound(slot, 3);
	generation = st->generations[slot];
	if (lineage && lineage->epoch == st->epoch) {
		set = &lineage->sets[slot];
		if (set->generation == generation && set->complete)
			return;
		orphan.exec = lineage->exec;
	}
	orphan.pid = BPF_CORE_READ(task, tgid);
	orphan.start = BPF_CORE_READ(task, group_leader, start_boottime);
	key.exec = orphan.exec;
	if (!key.exec)
		key.pid = orphan.pid;
	a = bpf_map_lookup_elem(&ancestries, &key);
	if (!a || (!key.exec && a->start != orphan.start)) {
		orphan.ppid = BPF_CORE_READ(task, real_parent, tgid);
		bpf_seq_write(seq, &orphan, sizeof(orphan));
		return;
	}
	if (!lineage)
		lineage = bpf_task_storage_get(&lineages, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!lineage) {
		count(PC_COUNT_NO_MEMORY);
		return;
	}
	epoch = lineage->epoch;
	stale = lineage->exec;
	set = &lineage->sets[slot];
	put_set(set, a, generation);
	/* who executes says so before it changes the bits: when it has, the next pass looks again */
	if (!key.exec) {
		if (__sync_val_compare_and_swap(&lineage->exec, stale, a->exec) != stale ||
		    (epoch != st->epoch && __sync_val_compare_and_swap(&lineage->epoch, epoch, st->epoch) != epoch))
			set->generation = 0;
	} else if (*(volatile u64 *)&lineage->exec != key.exec) {
		set->generation = 0;
	}
}

#endif
