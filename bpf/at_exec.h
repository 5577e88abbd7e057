/* SPDX-License-Identifier: GPL-2.0 */
/* At sched_process_exec: what stage 2 did not see, and the whole decision where there is no stage to hook. */
#ifndef PORTCULLIS_AT_EXEC_H
#define PORTCULLIS_AT_EXEC_H

#include "stage2.h"

/* What the task runs is not known from here on. */
static __always_inline void forget_lineage(struct task_struct *task, u64 exec)
{
	struct lineage *lineage = bpf_task_storage_get(&lineages, task, 0, 0);

	if (!lineage)
		return;
#pragma unroll
	for (int k = 0; k <= PC_SLOTS; k++)
		lineage->sets[k].generation = 0;
	lineage->exec = exec;
}

/* Says and counts an exec that was not decided: a program that was skipped, no memory, an image that could not be taken. */
static __always_inline void unseen(struct machine *m, struct exec *e, struct task_struct *task, struct linux_binprm *bprm, struct turn *t)
{
	struct inode *inode = BPF_CORE_READ(bprm, file, f_inode);

	count(PC_COUNT_UNSEEN);
	if (t->st->on_unseen && !spared(t->st, task, BPF_CORE_READ(inode, i_ino), BPF_CORE_READ(inode, i_sb, s_dev)))
		bpf_send_signal(SIGKILL);
	if (!m->s) {
		forget_lineage(task, 0);
		return;
	}
	if (!e)
		e = &m->s->untold;
	begin_exec(e, mm_id(task->mm), t->generation);
	forget_lineage(task, e->id);
	begin_scratch(m->s, e, t, PC_STAGE_UNSEEN);
	m->s->path_from = PATH_END - 1;
	m->s->path_cut = 0;
	m->s->name_bytes = 0;
	m->s->levels = 0;
	m->s->inode = BPF_CORE_READ(inode, i_ino);
	m->s->device = BPF_CORE_READ(inode, i_sb, s_dev);
	m->s->mode = 0;
	clear_rules(m);
	e->seen = exec_number(task);
	emit(m, task, 0, PC_STAGE_UNSEEN, PC_VERDICT_UNSEEN);
}

/* Of a task that is in the middle of an exec, perhaps past stage 1: stage 2 may sleep, and makes nothing itself. Names the tasks for which
 * there is nothing to be had. */
static __always_inline void expect_exec(struct seq_file *seq, struct task_struct *task)
{
	int pid = task->pid;

	if (bpf_core_field_exists(task->in_execve) && !BPF_CORE_READ_BITFIELD(task, in_execve))
		return;
	/* the program's levels, too: whether it is a script's is not known from here */
	if (!exec_of(task, ACTIVE, BPF_LOCAL_STORAGE_GET_F_CREATE) || !levels_of(task, ACTIVE, BPF_LOCAL_STORAGE_GET_F_CREATE))
		bpf_seq_write(seq, &pid, sizeof(pid));
}

/* A script's own file is gone when this tier looks: what the caller named is all there is. An absolute name stands for the path, its
 * last component for the name; a relative name leaves the path unknown. */
static __noinline void claimed_level(struct machine *m, struct levels *levels, struct linux_binprm *bprm)
{
	struct scratch *s = m->s;
	long n = bpf_probe_read_kernel_str(&s->arena[CHUNK], 4096, BPRM(filename));

	if (n <= 1 || !levels)
		return;
	s->from = s->list = CHUNK;
	s->to = CHUNK + ((n - 1) & 4095);
	bpf_loop(4096, slash_step, m, 0);
	s->path_from = CHUNK;
	s->name_from = s->list;
	s->name_bytes = s->to - s->list;
	if (s->name_bytes > 255)
		return;
	bpf_probe_read_kernel(levels->name, bound(s->name_bytes, 0xff), &s->arena[s->name_from & (BLOCK_END - 1)]);
	levels->name_bytes = s->name_bytes;
	feed_string(m, PC_STREAM_NAME, s->name_from, s->to);
	if (s->arena[CHUNK] == '/') {
		feed_string(m, PC_STREAM_PATH, CHUNK, s->to);
		if (n - 1 <= PC_EVENT_PATH_BYTES) {
			bpf_probe_read_kernel(levels->path, bound(n - 1, 0x7ff), &s->arena[CHUNK]);
			levels->path_bytes = n - 1;
		}
	}
	put_level(m, levels, 0);
}

/* Whether it was decided. */
static __always_inline int decide_at_exec(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					   struct turn *t)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;

	read_binprm(s, bprm);
	begin_exec(e, mm_id(task->mm), t->generation);
	share_id(e, task, t);
	begin_scratch(s, e, t, PC_STAGE_KILL);
	clear_atoms(m);
	s->levels = 1;
	if (BPRM(interp) != BPRM(filename)) {
		levels = levels_of(task, t->which, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return 0;
		}
		s->levels = 2;
		forget_levels(m, levels);
		claimed_level(m, levels, bprm);
	}
	final_facts(m, task);
	level_facts(m, BPRM(file));
	keep_first(s, e, 0);
	if (levels)
		put_level(m, levels, 1);
	surroundings(m, e, task, t);
	ask_for_envs(m, levels);
	begin_block(m, BPRM(argc), BPRM(envc));
	s->address = BPF_CORE_READ(task, mm, arg_start);
	s->limit = BPF_CORE_READ(task, mm, env_end);
	bpf_loop(1 << 16, resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	ask_breakers(m);
	act(m, e, task, levels, t, MAY_NOT_SLEEP);
	e->seen = exec_number(task);
	if (levels && t->which == SHADOW)
		bpf_task_storage_delete(&shadow_scripts, task);
	else if (levels)
		bpf_task_storage_delete(&scripts, task);
	return 1;
}

static __always_inline int at_exec(struct task_struct *task, struct linux_binprm *bprm, enum which which)
{
	struct turn t = { .which = which, .slot = PC_SLOTS };
	struct exec *e;
	struct machine m = {};
	int decided = 1;

	t.st = enter(&m, which, &t.slot, &t.generation);
	if (!t.st) {
		if (which == ACTIVE && t.slot == SLOT_CONTENDED)
			count(PC_COUNT_UNSEEN);
		return 0;
	}
	e = exec_of(task, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
	m.s = claim(own_scratch(which), t.slot);
	if (e && which == ACTIVE && e->seen == exec_number(task))
		; /* decided by another agent's program */
	else if (e && m.s && m.image)
		decided = decide_at_exec(&m, e, bprm, task, &t);
	else {
		count(PC_COUNT_NO_MEMORY);
		decided = 0;
	}
	if (!decided && which == ACTIVE && m.image)
		unseen(&m, e, task, bprm, &t);
	if (m.s)
		yield(m.s);
	leave(t.st, t.slot);
	return 0;
}

#endif
