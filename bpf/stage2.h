/* SPDX-License-Identifier: GPL-2.0 */
/* Stage 2: the new program is installed and has not run. The argument block is definitive. */
#ifndef PORTCULLIS_STAGE2_H
#define PORTCULLIS_STAGE2_H

#include "stage1.h"

/* What the shadow image would have done is counted and said, and nothing is done. */
static __always_inline u32 act_in_shadow(struct scratch *s, struct turn *t)
{
	s->record_flags |= PC_RECORD_SHADOW;
	if (ran_before(&s->first, t->st->since[bound(t->slot, 3)]))
		s->record_flags |= PC_RECORD_ESTABLISHED;
	if (!(s->wants & (WANT_DENY | WANT_KILL)))
		return PC_VERDICT_NONE;
	count(PC_COUNT_WOULD);
	return PC_VERDICT_WOULD;
}

/* What stage 2 does about the rules that hold. */
static __always_inline u32 act_on(struct scratch *s, struct exec *e, struct task_struct *task, struct turn *t)
{
	u32 spare;

	count(PC_COUNT_EXEC);
	if (s->wants & WANT_TRIPPED) {
		s->record_flags |= PC_RECORD_BREAKER;
		count(PC_COUNT_BREAKER);
	}
	if (s->wants & (WANT_DENY | WANT_KILL)) {
		spare = spared(t->st, task, e->inode, e->device);
		if (spare == SPARED_PROTECTED) {
			count(PC_COUNT_PROTECTED);
			return PC_VERDICT_PROTECTED;
		}
		if (spare == SPARED_CANARY) {
			s->record_flags |= PC_RECORD_CANARY;
			count(PC_COUNT_CANARY);
		} else if (!bpf_send_signal(s->signal)) {
			count(PC_COUNT_KILLED);
			return PC_VERDICT_KILL;
		}
	}
	establish(&s->first);
	if (s->wants & WANT_REPORT) {
		count(PC_COUNT_REPORTED);
		return PC_VERDICT_REPORT;
	}
	if (s->wants & WANT_UNKNOWN) {
		count(PC_COUNT_UNKNOWN);
		return PC_VERDICT_UNKNOWN;
	}
	return PC_VERDICT_NONE;
}

/* A program that may sleep makes no task storage, see stage1(). */
static __always_inline u64 storage_flags(enum may_sleep sleeps)
{
	return sleeps == MAY_SLEEP ? 0 : BPF_LOCAL_STORAGE_GET_F_CREATE;
}

/* The exec has happened: the task's lineage goes one program further. */
static __always_inline void pass_on(struct machine *m, struct exec *e, struct task_struct *task, struct turn *t, enum may_sleep sleeps)
{
	struct lineage *lineage = bpf_task_storage_get(&lineages, task, 0, storage_flags(sleeps));

	if (!lineage) {
		count(PC_COUNT_UNINHERITED);
		return;
	}
	/* first: `restore` looks at it to see whether it was overtaken */
	lineage->epoch = t->st->epoch;
	lineage->exec = e->id;
	lineage_exec(m, &lineage->sets[bound(t->slot, 3)], t->generation);
}

static __always_inline void act(struct machine *m, struct exec *e, struct task_struct *task, struct levels *levels, struct turn *t,
				enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	u32 verdict;

	/* through memory: for the verifier all verdicts are one */
	s->verdict = t->which == SHADOW ? act_in_shadow(s, t) : act_on(s, e, task, t);
	verdict = *(volatile u32 *)&s->verdict;
	if (verdict != PC_VERDICT_NONE || (image_header(m->image)->events & PC_EVENT_EXEC))
		emit(m, task, levels, PC_STAGE_KILL, verdict);
	if (image_header(m->image)->lineage_words)
		pass_on(m, e, task, t, sleeps);
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

/* Whether this is the exec that scratch still has the facts and the decision of. Its arguments are what stage 1 read: nobody could write to
 * them since. */
static __always_inline int is_kept(struct scratch *s, struct exec *e, struct linux_binprm *bprm)
{
	return s->kept == e->id && s->argc == BPRM(argc) && s->envc == BPRM(envc);
}

/* Both images call an exec by the same number. */
static __always_inline void share_id(struct exec *e, struct task_struct *task, struct turn *t)
{
	struct exec *active;

	if (t->which != SHADOW)
		return;
	active = exec_of(task, ACTIVE, 0);
	if (active && active->mm == e->mm) {
		e->id = active->id;
		e->previous = active->previous;
	}
}

static __always_inline void decide_stage2(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					  struct turn *t, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;
	u64 mm = mm_id(task->mm);

	read_binprm(s, bprm);
	if (e->mm != mm)
		begin_exec(e, mm, t->generation);
	share_id(e, task, t);
	if (BPRM(interp) != BPRM(filename)) {
		levels = levels_of(task, t->which, storage_flags(sleeps));
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return; /* not marked: unseen */
		}
	}
	if (t->which == ACTIVE && e->generation == t->generation && is_kept(s, e, bprm)) {
		act(m, e, task, levels, t, sleeps);
		e->seen = exec_number(task);
		return;
	}
	if (levels) {
		if (e->generation != t->generation || e->levels < 2)
			forget_levels(m, levels);
		if (e->levels < 2)
			e->levels = 2;
	} else {
		e->levels = 1;
	}
	begin_scratch(s, e, t, PC_STAGE_KILL);
	s->levels = e->levels;
	clear_atoms(m);
	final_facts(m, task);
	add_level(m, levels, BPRM(file), e->levels - 1);
	keep_first(s, e, e->levels - 1);
	surroundings(m, e, task, t);
	ask_for_envs(m, levels);
	begin_block(m, BPRM(argc), BPRM(envc));
	s->address = BPRM(p);
	s->limit = BPRM(exec);
	bpf_loop(1 << 16, sleeps == MAY_SLEEP ? (void *)definitive_step : (void *)resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	ask_breakers(m);
	act(m, e, task, levels, t, sleeps);
	e->seen = exec_number(task);
}

static __always_inline int stage2(struct linux_binprm *bprm, enum may_sleep sleeps, enum which which)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exec *e = exec_of(task, which, storage_flags(sleeps));
	struct turn t = { .which = which, .slot = PC_SLOTS };
	struct machine m = {};

	if (!e) { /* nor was it there at stage 1, which has counted it; or began before the shadow, whose affair it is not */
		if (sleeps == MAY_NOT_SLEEP)
			count(PC_COUNT_NO_MEMORY);
		return 0;
	}
	if (which == ACTIVE && e->seen == exec_number(task))
		return 0; /* decided by another agent's program */
	t.st = enter(&m, which, &t.slot, &t.generation);
	if (!t.st) {
		if (t.slot != SLOT_CONTENDED)
			e->seen = exec_number(task); /* asked, and there is nothing to decide */
		return 0;
	}
	m.s = claim(which == ACTIVE && e->mm == mm_id(task->mm) ? e->scratch : own_scratch(which), t.slot);
	if (m.s && m.image)
		decide_stage2(&m, e, bprm, task, &t, sleeps);
	else
		count(PC_COUNT_NO_MEMORY);
	if (m.s)
		yield(m.s);
	leave(t.st, t.slot);
	if (which == SHADOW && BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		bpf_task_storage_delete(&shadow_scripts, task);
	return 0;
}

#endif
