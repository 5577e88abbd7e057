/* SPDX-License-Identifier: GPL-2.0 */
/* From atoms to rules: clauses over three-valued literals, boolean programs, and what the rules that hold ask for. */
#ifndef PORTCULLIS_DECIDE_H
#define PORTCULLIS_DECIDE_H

#include "walk.h"

enum truth { FALSE = 0, TRUE = 1, UNKNOWN = 2 };

enum want {
	WANT_DENY = 1,    /* an enforced deny rule holds */
	WANT_KILL = 2,    /* an enforced kill rule holds */
	WANT_REPORT = 4,  /* some rule holds */
	WANT_UNKNOWN = 8, /* some rule is unknown */
	WANT_TRIPPED = 16, /* an enforced rule holds and the circuit breaker keeps it from acting */
};

static __always_inline u32 atom_value(struct scratch *s, const void *image, u32 atom)
{
	u32 source;

	if (s->atoms[(atom >> 6) & (PC_ATOM_WORDS - 1)] & (1ull << (atom & 63)))
		return TRUE;
	source = *(const u8 *)(image + ((image_header(image)->atom_sources.offset + atom) & image_mask));
	if ((s->known | s->interpreter_known) & (1ull << (source & 63)))
		return FALSE;
	if (source != PC_SOURCE_PARENT && source != PC_SOURCE_ANCESTORS)
		return UNKNOWN;
	atom += image_header(image)->lineage_words * 64;
	return s->atoms[(atom >> 6) & (PC_ATOM_WORDS - 1)] & (1ull << (atom & 63)) ? UNKNOWN : FALSE;
}

/* The value of a literal of a clause. */
static __always_inline u32 literal_value(struct scratch *s, const void *image, u32 literal)
{
	u32 value = atom_value(s, image, literal & ~PC_LITERAL_NOT);

	return (literal & PC_LITERAL_NOT) && value != UNKNOWN ? !value : value;
}

/* Ends the loop at a list of which no literal is false. */
static long guard_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	const void *image = m->image;
	u32 at = image_header(image)->environment_guards.offset + i * sizeof(struct pc_guard_list);
	u32 literals = image_u32(image, at), count = image_u32(image, at + 4), value = TRUE;

#pragma unroll
	for (int k = 0; k < PC_GUARD_LITERALS; k++) {
		if (k < count && value != FALSE)
			value = literal_value(s, image, image_u16(image, literals + k * 2));
	}
	if (value == FALSE)
		return 0;
	s->envs_wanted = 1;
	return 1;
}

/* Whether the environment may matter, by what is known of the file. Scripts have a file for each view, so for them it always may. */
__noinline int ask_guards(u32 index, u32 slot)
{
	struct machine m;
	u32 count;

	if (!find_machine(&m, index, slot))
		return 0;
	count = image_header(m.image)->environment_guards.count;
	m.s->envs_wanted = !count;
	bpf_loop(bound(count, 2 * PC_GUARDS - 1), guard_step, &m, 0);
	return 0;
}

static __always_inline void ask_for_envs(struct machine *m, struct levels *levels)
{
	m->s->envs_wanted = 1;
	if (!levels && (image_header(m->image)->streams & (1 << PC_STREAM_ENVS)))
		ask_guards(m->s->ordinal, m->s->slot);
}

/* What an enforcing rule asks for. */
static __always_inline void want(struct scratch *s, u32 flags)
{
	if (flags & PC_RULE_DENY) {
		s->wants |= WANT_DENY;
		s->signal = SIGKILL;
	} else if (flags & PC_RULE_KILL) {
		s->wants |= WANT_KILL;
		if (s->signal != SIGKILL)
			s->signal = (flags >> 8) & 0xff;
	}
}

static __always_inline void conclude(struct machine *m, u32 rule, u32 truth)
{
	struct scratch *s = m->s;
	const void *image = m->image;
	u32 word = (rule >> 6) & (PC_RULE_WORDS - 1), flags;
	u64 bit = 1ull << (rule & 63);

	if (truth == FALSE || (truth == UNKNOWN && s->stage == PC_STAGE_REFUSE))
		return;
	if ((truth == TRUE ? s->holds[word] : s->unknown[word]) & bit)
		return; /* by another clause, or in another view */
	flags = image_u32(image, image_header(image)->rules.offset + rule * sizeof(struct pc_rule));
	if (truth == UNKNOWN) {
		s->unknown[word] |= bit;
		s->wants |= WANT_UNKNOWN;
		if (!(flags & PC_RULE_UNKNOWN_ENFORCE))
			return;
	} else {
		s->holds[word] |= bit;
		s->wants |= WANT_REPORT;
	}
	if (!(flags & PC_RULE_ENFORCE) || (flags & PC_RULE_CANDIDATE))
		return;
	s->acting[s->acting_count & (ACTING - 1)] = rule;
	s->acting_count++;
	want(s, flags);
}

/* One literal of clause s->clause. Ends at s->clause_end. */
static long clause_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	const void *image = m->image;
	u32 at = image_header(image)->clauses.offset + s->clause * sizeof(struct pc_clause), literals, packed, value;

	if (s->clause >= s->clause_end)
		return 1;
	literals = image_u32(image, at);
	packed = image_u32(image, at + 4); /* count, rule */
	if (s->literal < (packed & 0xffff) && s->value != FALSE) {
		value = literal_value(s, image, image_u16(image, literals + s->literal * 2));
		if (value == FALSE)
			s->value = FALSE;
		else if (value == UNKNOWN)
			s->value = UNKNOWN;
		s->literal++;
		return 0;
	}
	conclude(m, packed >> 16, s->value);
	s->clause++;
	s->literal = 0;
	s->value = TRUE;
	return 0;
}

static __noinline void try_clauses(struct machine *m, u32 first, u32 end)
{
	struct scratch *s = m->s;

	s->clause = first;
	s->clause_end = end;
	s->literal = 0;
	s->value = TRUE;
	bpf_loop(1 << 22, clause_step, m, 0);
}

/* Number of the lowest bit set. By hand: clang 14 does not come to an end with __builtin_ctzll here. */
static __always_inline u32 lowest_bit(u64 bits)
{
	u32 n = 0;

	if (!(bits & 0xffffffff)) {
		bits >>= 32;
		n += 32;
	}
	if (!(bits & 0xffff)) {
		bits >>= 16;
		n += 16;
	}
	if (!(bits & 0xff)) {
		bits >>= 8;
		n += 8;
	}
	if (!(bits & 0xf)) {
		bits >>= 4;
		n += 4;
	}
	if (!(bits & 3)) {
		bits >>= 2;
		n += 2;
	}
	return n + !(bits & 1);
}

/* The clauses whose trigger is the next atom that is set. */
static long trigger_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 bit, atom, at, first, count;

	if (!s->word_bits) {
		if (!s->summary_bits) {
			if (s->summary_index >= PC_SUMMARY_WORDS)
				return 1;
			s->summary_bits = s->summary[s->summary_index & (PC_SUMMARY_WORDS - 1)];
			s->summary_index++;
			return 0;
		}
		s->word = (s->summary_index - 1) * 64 + lowest_bit(s->summary_bits);
		s->summary_bits &= s->summary_bits - 1;
		s->word_bits = s->atoms[s->word & (PC_ATOM_WORDS - 1)];
		return 0;
	}
	bit = lowest_bit(s->word_bits);
	s->word_bits &= s->word_bits - 1;
	atom = s->word * 64 + bit;
	at = image_header(m->image)->triggers.offset + atom * sizeof(struct pc_table);
	first = image_u32(m->image, at);
	count = image_u32(m->image, at + 4);
	if (count)
		try_clauses(m, first, first + count);
	return 0;
}

struct programs {
	struct machine m;
	u32 steps;
	u32 count;
};

static long program_step(u32 i, struct programs *p)
{
	struct scratch *s = p->m.s;
	u64 a = s->stack, u = s->stack_unknown;
	u32 step, value;

	if (i >= p->count)
		return 1;
	step = image_u16(p->m.image, p->steps + i * 2);
	if (step == PC_STEP_NOT) {
		/* of the top value: true <-> false, unknown stays */
		a ^= ~u & 1;
	} else if (step == PC_STEP_AND || step == PC_STEP_OR) {
		u64 a1 = a & 1, u1 = u & 1, a2 = (a >> 1) & 1, u2 = (u >> 1) & 1, t, f;
		u64 f1 = ~(a1 | u1) & 1, f2 = ~(a2 | u2) & 1;

		if (step == PC_STEP_AND) {
			t = a1 & a2;
			f = f1 | f2;
		} else {
			t = a1 | a2;
			f = f1 & f2;
		}
		a = ((a >> 2) << 1) | t;
		u = ((u >> 2) << 1) | (~(t | f) & 1);
	} else {
		value = step == PC_STEP_TRUE ? TRUE : step == PC_STEP_FALSE ? FALSE : atom_value(s, p->m.image, step);
		a = (a << 1) | (value == TRUE);
		u = (u << 1) | (value == UNKNOWN);
	}
	s->stack = a;
	s->stack_unknown = u;
	return 0;
}

/* Runs the program at `at` and leaves its value on the stack. Returns what it is about. */
static __noinline u32 run_program(struct machine *m, u32 at)
{
	struct scratch *s = m->s;
	u32 packed = image_u32(m->image, at + 4);
	struct programs p = { .m = *m, .steps = image_u32(m->image, at), .count = packed & 0xffff };

	s->stack = 0;
	s->stack_unknown = 0;
	bpf_loop(p.count, program_step, &p, 0);
	return packed >> 16;
}

static long programs_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 rule = run_program(m, image_header(m->image)->programs.offset + i * sizeof(struct pc_program));

	conclude(m, rule, s->stack & 1 ? TRUE : s->stack_unknown & 1 ? UNKNOWN : FALSE);
	return 0;
}

static long lineage_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 bit = run_program(m, image_header(m->image)->lineage.offset + i * sizeof(struct pc_program));
	u32 word = (bit >> 6) & (PC_LINEAGE_WORDS - 1);

	s->self.yes[word] |= (s->stack & 1) << (bit & 63);
	s->self.unknown[word] |= (s->stack_unknown & 1) << (bit & 63);
	return 0;
}

/* Decides all rules and lineage bits for the atoms and known sources in scratch and adds to holds, unknown, wants and self. */
__noinline int decide_rules(u32 index, u32 slot)
{
	struct machine machine, *m = &machine;
	const struct pc_header *h;
	struct scratch *s;

	if (!find_machine(m, index, slot))
		return 0;
	s = m->s;
	h = image_header(m->image);
	s->summary_index = 0;
	s->summary_bits = 0;
	s->word_bits = 0;
	s->missing |= h->sources & ~(s->known | s->interpreter_known);
	if (s->stage != PC_STAGE_REFUSE && (h->sources & ~(s->known | s->interpreter_known))) {
		/* an unread source can make any clause unknown: try them all; stage 1 acts only on what is true */
		try_clauses(m, 0, h->clauses.count);
	} else {
		bpf_loop(1 << 16, trigger_step, m, 0);
		if (h->always)
			try_clauses(m, 0, h->always);
	}
	if (h->programs.count)
		bpf_loop(h->programs.count, programs_step, m, 0);
	if (h->lineage.count)
		bpf_loop(h->lineage.count, lineage_step, m, 0);
	return 0;
}

static __always_inline void decide(struct machine *m)
{
	decide_rules(m->s->ordinal, m->s->slot);
}

/* Clears sixteen words of the atom set. */
static long clear_atoms_step(u32 i, struct machine *m)
{
#pragma unroll
	for (u32 k = 0; k < 16; k++)
		m->s->atoms[(i * 16 + k) & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

static long clear_rules_step(u32 i, struct machine *m)
{
#pragma unroll
	for (u32 k = 0; k < 16; k++) {
		m->s->holds[(i * 16 + k) & (PC_RULE_WORDS - 1)] = 0;
		m->s->unknown[(i * 16 + k) & (PC_RULE_WORDS - 1)] = 0;
	}
	return 0;
}

static __noinline void clear_atoms(struct machine *m)
{
	struct scratch *s = m->s;

	bpf_loop((image_header(m->image)->atom_words + 15) / 16, clear_atoms_step, m, 0);
	s->summary[0] = s->summary[1] = s->summary[2] = s->summary[3] = 0;
}

static __noinline void clear_rules(struct machine *m)
{
	bpf_loop((image_header(m->image)->rule_words + 15) / 16, clear_rules_step, m, 0);
	m->s->wants = 0;
	m->s->signal = 0;
	m->s->acting_count = 0;
#pragma unroll
	for (int k = 0; k < PC_LINEAGE_WORDS; k++)
		m->s->self.yes[k] = m->s->self.unknown[k] = 0;
}

#endif
