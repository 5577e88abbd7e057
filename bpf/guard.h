/* SPDX-License-Identifier: GPL-2.0 */
/* The circuit breaker: a rule that keeps hitting executables that ran on this host before it did is a bad rule, and loses its hold on
 * those, never on files it has not seen. */
#ifndef PORTCULLIS_GUARD_H
#define PORTCULLIS_GUARD_H

#include "decide.h"
#include "identity.h"

/* What started the program, for the breaker. Read when some rule wants to act, which is rare. */
static __always_inline void parent_identity(struct scratch *s, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, real_parent, mm, exe_file);
	struct inode *inode;

	__builtin_memset(&s->trip.parent, 0, sizeof(s->trip.parent));
	if (!file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	READ_PIECE(s->inode_piece, inode);
	READ_PIECE(s->filesystem_piece, FIELD(s->inode_piece, inode, i_sb));
	file_identity(&s->trip.parent, s, inode, BPF_CORE_READ(file, f_path.dentry, d_name.name));
}

static __always_inline int ran_before(struct pc_file *file, u64 since)
{
	u64 *first = bpf_map_lookup_elem(&established, file);

	return first && *first < since && file->ctime != ANY_TIME;
}

/* Whether the circuit breaker keeps an enforcing rule that holds from acting. What counts is an executable that ran before the rule did,
 * started by a program that did too: an attack brings files of its own. */
static __noinline u32 is_tripped(struct machine *m, u32 rule)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = m->s;
	u32 zero = 0, index = s->slot * PC_RULES + rule, one = 1;
	struct pc_state *st = bpf_map_lookup_elem(&state, &zero);
	struct pc_guard *guard = bpf_map_lookup_elem(&guards, &index);

	if (!st || !guard || !st->breaker_limit || !ran_before(&s->first, guard->since))
		return 0;
	if (guard->tripped)
		return 1;
	parent_identity(s, task);
	if (!ran_before(&s->trip.parent, guard->since))
		return 0;
	s->trip.generation = s->generation;
	s->trip.rule = rule;
	s->trip.file = s->first;
	if (bpf_map_update_elem(&trips, &s->trip, &one, BPF_NOEXIST))
		return 0; /* counted before */
	if (__sync_fetch_and_add(&guard->distinct, 1) < st->breaker_limit)
		return 0;
	guard->tripped = 1;
	return 1;
}

static long breaker_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 rule = s->acting[i & (ACTING - 1)] & (PC_RULES - 1);

	if (i >= s->acting_count)
		return 1;
	if (is_tripped(m, rule))
		s->wants |= WANT_TRIPPED;
	else
		want(s, image_u32(m->image, image_header(m->image)->rules.offset + rule * sizeof(struct pc_rule)));
	return 0;
}

/* Of what enforcing rules want, what their circuit breakers leave. */
static __noinline void ask_breakers(struct machine *m)
{
	struct scratch *s = m->s;

	if (!s->guarded || !s->acting_count || s->acting_count > ACTING)
		return;
	s->wants &= ~(WANT_DENY | WANT_KILL);
	s->signal = 0;
	bpf_loop(ACTING, breaker_step, m, 0);
}

#endif
