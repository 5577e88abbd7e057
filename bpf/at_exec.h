/* SPDX-License-Identifier: GPL-2.0 */
/* At sched_process_exec: what stage 2 did not see, and the whole decision where there is no stage to hook. */
#ifndef PORTCULLIS_AT_EXEC_H
#define PORTCULLIS_AT_EXEC_H

#include "stage2.h"

/* Says and counts an exec that was not decided: a program that was skipped, no memory, an image that could not be taken. */
static __always_inline void unseen(struct machine *m, struct exec *e, struct task_struct *task, struct linux_binprm *bprm,
				   struct pc_state *st, u64 generation)
{
	count(PC_COUNT_UNSEEN);
	if (st->on_unseen && !is_protected(st, task))
		bpf_send_signal(SIGKILL);
	if (!e || !m->s)
		return;
	begin_exec(e, bprm, generation);
	begin_scratch(m->s, e, generation, PC_STAGE_UNSEEN);
	m->s->path_from = PATH_END - 1;
	m->s->path_cut = 0;
	m->s->name_bytes = 0;
	m->s->levels = 0;
	clear_rules(m);
	emit(m, task, 0, PC_STAGE_UNSEEN, PC_VERDICT_UNSEEN);
}

/* A script's own file is gone when this tier looks: what the caller named is all there is. An absolute name stands for the path, its
 * last component for the name; a relative name leaves the path unknown. */
static __noinline void claimed_level(struct machine *m, struct levels *levels, struct linux_binprm *bprm)
{
	struct scratch *s = m->s;
	long n = bpf_probe_read_kernel_str(&s->arena[CHUNK], 4096, BPF_CORE_READ(bprm, filename));

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

static __always_inline void decide_at_exec(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					   struct pc_state *st, u64 generation)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;

	begin_exec(e, bprm, generation);
	begin_scratch(s, e, generation, PC_STAGE_KILL);
	clear_atoms(m);
	s->levels = 1;
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename)) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return;
		}
		s->levels = 2;
		forget_levels(m, levels);
		claimed_level(m, levels, bprm);
	}
	final_facts(m, task);
	level_facts(m, BPF_CORE_READ(bprm, file));
	if (levels)
		put_level(m, levels, 1);
	begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(task, mm, arg_start);
	s->limit = BPF_CORE_READ(task, mm, env_end);
	bpf_loop(1 << 16, resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	act(m, task, levels, st);
	if (levels)
		bpf_task_storage_delete(&scripts, task);
}

#endif
