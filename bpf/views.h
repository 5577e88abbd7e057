/* SPDX-License-Identifier: GPL-2.0 */
/* Levels and views. A script exec has a level for each file: the script, then its interpreter. View k sees the file of level k and, as
 * its interpreter, that of level k + 1. A plain program is one level and one view. */
#ifndef PORTCULLIS_VIEWS_H
#define PORTCULLIS_VIEWS_H

#include "decide.h"

#define FILE_FACTS (0xffull << (PC_SOURCE_FACT + PC_FACT_FILE))
#define FILE_SOURCES (1ull << PC_STREAM_PATH | 1ull << PC_STREAM_NAME | FILE_FACTS)
#define INTERPRETER_SOURCES                                                                        \
	(1ull << PC_SOURCE_INTERPRETER_PATH | 1ull << PC_SOURCE_INTERPRETER_NAME | 0xffull << PC_SOURCE_INTERPRETER_FACT)

/* The file sources of a level as those of an interpreter. */
static __always_inline u64 as_interpreter(u64 known)
{
	return (known & 3) << PC_SOURCE_INTERPRETER_PATH |
	       ((known & FILE_FACTS) >> (PC_SOURCE_FACT + PC_FACT_FILE)) << PC_SOURCE_INTERPRETER_FACT;
}

struct view {
	struct machine m;
	struct levels *levels; /* NULL: a plain program */
	u32 level;
};

static long put_word(u32 i, struct view *v)
{
	struct scratch *s = v->m.s;
	u32 level = v->level;

	if (!v->levels || level >= PC_LEVELS)
		return 1;
	v->levels->atoms[level][i & (PC_ATOM_WORDS - 1)] = s->atoms[i & (PC_ATOM_WORDS - 1)];
	s->atoms[i & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

/* Puts the file atoms of a level away. */
static __noinline void put_level(struct machine *m, struct levels *levels, u32 level)
{
	struct view v = { .m = *m, .levels = levels, .level = level };

	if (!levels || level >= PC_LEVELS)
		return;
	levels->known[level] = m->s->known & FILE_SOURCES;
	m->s->known &= ~FILE_SOURCES;
	bpf_loop(image_header(m->image)->file_words + image_header(m->image)->interpreter_words, put_word, &v, 0);
}

static long get_word(u32 i, struct view *v)
{
	struct scratch *s = v->m.s;
	u32 word = i & (PC_ATOM_WORDS - 1), level = v->level;
	u64 atoms = 0;

	if (i >= image_header(v->m.image)->file_words)
		level++;
	if (v->levels && level < PC_LEVELS && level < s->levels)
		atoms = v->levels->atoms[level][word];
	s->atoms[word] = atoms;
	s->summary[word >> 6] |= 1ull << (word & 63);
	return 0;
}

static long clear_interpreter_word(u32 i, struct machine *m)
{
	m->s->atoms[(image_header(m->image)->file_words + i) & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

static __always_inline void no_interpreter(struct machine *m)
{
	apply_list(m, image_header(m->image)->absent_interpreter);
	m->s->interpreter_known = INTERPRETER_SOURCES;
}

static long view_step(u32 i, struct view *v)
{
	struct scratch *s = v->m.s;
	u64 known;

	if (!v->levels || i >= s->levels || i >= PC_LEVELS)
		return 1;
	v->level = i;
	bpf_loop(image_header(v->m.image)->file_words + image_header(v->m.image)->interpreter_words, get_word, v, 0);
	known = v->levels->known[i];
	s->known = (s->known & ~FILE_SOURCES) | known;
	s->interpreter_known = 0;
	if (i + 1 < s->levels && i + 1 < PC_LEVELS)
		s->interpreter_known = as_interpreter(v->levels->known[i + 1]);
	else if (s->native)
		no_interpreter(&v->m);
	decide(&v->m);
	return 0;
}

/* Decides for every view. `levels` is NULL for a plain program, whose file atoms are in place. */
static __noinline void decide_views(struct machine *m, struct levels *levels)
{
	struct view v = { .m = *m, .levels = levels };

	clear_rules(m);
	if (levels) {
		bpf_loop(PC_LEVELS, view_step, &v, 0);
		return;
	}
	bpf_loop(image_header(m->image)->interpreter_words, clear_interpreter_word, m, 0);
	no_interpreter(m);
	decide(m);
}

#endif
