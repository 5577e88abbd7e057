/* SPDX-License-Identifier: GPL-2.0 */
/* Stage 2: the new program is installed and has not run. The argument block is definitive. */
#ifndef PORTCULLIS_STAGE2_H
#define PORTCULLIS_STAGE2_H

#include "stage1.h"

/* What stage 2 does about the rules that hold. */
static __always_inline void act(struct machine *m, struct task_struct *task, struct levels *levels, struct pc_state *st)
{
	struct scratch *s = m->s;
	u32 verdict = PC_VERDICT_NONE, signal = s->signal;

	count(PC_COUNT_EXEC);
	if (s->wants & (WANT_DENY | WANT_KILL)) {
		if (is_protected(st, task)) {
			verdict = PC_VERDICT_PROTECTED;
			count(PC_COUNT_PROTECTED);
		} else if (!bpf_send_signal(signal)) {
			verdict = PC_VERDICT_KILL;
			count(PC_COUNT_KILLED);
		} else {
			verdict = PC_VERDICT_REPORT;
			count(PC_COUNT_REPORTED);
		}
	} else if (s->wants & WANT_REPORT) {
		verdict = PC_VERDICT_REPORT;
		count(PC_COUNT_REPORTED);
	} else if (s->wants & WANT_UNKNOWN) {
		verdict = PC_VERDICT_UNKNOWN;
		count(PC_COUNT_UNKNOWN);
	}
	if (verdict != PC_VERDICT_NONE || (image_header(m->image)->events & PC_EVENT_EXEC))
		emit(m, task, levels, PC_STAGE_KILL, verdict);
}

/* Facts that are final once the new program is installed; the argument block follows. */
static __always_inline void final_facts(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	u32 streams = image_header(m->image)->streams;

	s->native = 1;
	task_facts(s, task);
	effective_facts(s, task);
	if (streams & (1 << PC_STREAM_COMM))
		comm_fact(m, task);
	if (streams & (1 << PC_STREAM_TTY))
		tty_fact(m, task);
}

static long forget_word(u32 i, struct view *v)
{
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		v->levels->atoms[k][i & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

/* Earlier levels were read for another image, or not at all: their files are not known. */
static __noinline void forget_levels(struct machine *m, struct levels *levels)
{
	struct view v = { .m = *m, .levels = levels };

	if (!levels)
		return;
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		levels->known[k] = 0;
	levels->path_bytes = levels->name_bytes = 0;
	bpf_loop(PC_ATOM_WORDS, forget_word, &v, 0);
}

static long compare_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 at = i * 64, bytes = s->kept_bytes;
	u64 difference = 0;

	if (at >= bytes)
		return 1;
#pragma unroll
	for (int k = 0; k < 8; k++) {
		u64 d = *(u64 *)&s->again[(at + k * 8) & (BLOCK_END - 8)] ^ *(u64 *)&s->arena[(at + k * 8) & (BLOCK_END - 8)];
		u32 word = at + k * 8;

		if (word >= bytes)
			break;
		if (bytes - word < 8)
			d &= (1ull << (bytes - word) * 8) - 1;
		difference |= d;
	}
	s->difference = difference;
	return difference != 0;
}

/* Whether this is the exec that scratch still has the facts and the decision of, with the same bytes of arguments. */
static __always_inline int is_kept(struct machine *m, struct exec *e, struct linux_binprm *bprm, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	u64 from = BPF_CORE_READ(bprm, p);
	u32 bytes = s->kept_bytes;

	if (s->kept != e->id || s->argc != BPF_CORE_READ(bprm, argc) || s->envc != BPF_CORE_READ(bprm, envc) ||
	    bytes > BPF_CORE_READ(bprm, exec) - from)
		return 0;
	if (sleeps == MAY_SLEEP ? bpf_copy_from_user(s->again, bound(bytes, 2 * BLOCK_END - 1), (void *)from)
				: bpf_probe_read_user(s->again, bound(bytes, 2 * BLOCK_END - 1), (void *)from))
		return 0;
	s->difference = 0;
	bpf_loop(BLOCK_END / 64, compare_step, m, 0);
	return !s->difference;
}

static __always_inline void decide_stage2(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					  struct pc_state *st, u64 generation, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;

	if (e->bprm != (u64)bprm)
		begin_exec(e, bprm, generation);
	if (e->generation == generation && is_kept(m, e, bprm, sleeps)) {
		act(m, task, 0, st);
		e->seen = (u64)bprm;
		return;
	}
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename)) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return; /* not marked: unseen */
		}
		if (e->generation != generation || e->levels < 2)
			forget_levels(m, levels);
		if (e->levels < 2)
			e->levels = 2;
	} else {
		e->levels = 1;
	}
	begin_scratch(s, e, generation, PC_STAGE_KILL);
	s->levels = e->levels;
	clear_atoms(m);
	final_facts(m, task);
	add_level(m, levels, BPF_CORE_READ(bprm, file), e->levels - 1);
	begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(bprm, p);
	s->limit = BPF_CORE_READ(bprm, exec);
	bpf_loop(1 << 16, sleeps == MAY_SLEEP ? (void *)definitive_step : (void *)resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	act(m, task, levels, st);
	e->seen = (u64)bprm;
}

static __always_inline int stage2(struct linux_binprm *bprm, enum may_sleep sleeps)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exec *e = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS, claimed = 0;

	if (!e) {
		count(PC_COUNT_NO_MEMORY);
		return 0;
	}
	st = enter(&m, &slot, &generation);
	if (!st) {
		if (slot != SLOT_CONTENDED)
			e->seen = (u64)bprm; /* asked, and there is nothing to decide */
		return 0;
	}
	m.s = claim(e->bprm == (u64)bprm ? e->scratch : bpf_get_smp_processor_id(), &claimed);
	if (m.s && m.image)
		decide_stage2(&m, e, bprm, task, st, generation, sleeps);
	else
		count(PC_COUNT_NO_MEMORY);
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return 0;
}

#endif
