/* SPDX-License-Identifier: GPL-2.0 */
/* The machine: steps automata over bytes of the arena and applies the outputs of the states it enters. */
#ifndef PORTCULLIS_WALK_H
#define PORTCULLIS_WALK_H

#include "maps.h"

/* What callbacks are given. Constant during a call; all that changes is in scratch. */
struct machine {
	struct scratch *s;
	const void *image;
};

/* The same by numbers: for functions that the verifier looks at once, whoever calls them, and that can be given nothing else. */
static __always_inline int find_machine(struct machine *m, u32 index, u32 slot)
{
	m->s = bpf_map_lookup_elem(&scratches, &index);
	m->image = bpf_map_lookup_elem(&images, &slot);
	return m->s && m->image;
}

static __always_inline u16 image_u16(const void *image, u32 offset)
{
	return *(const u16 *)(image + (offset & image_mask & ~1u));
}

static __always_inline u32 image_u32(const void *image, u32 offset)
{
	return *(const u32 *)(image + (offset & image_mask & ~3u));
}

static __always_inline u64 image_u64(const void *image, u32 offset)
{
	return *(const u64 *)(image + (offset & image_mask & ~7u));
}

static __always_inline const struct pc_header *image_header(const void *image)
{
	return image;
}

static __always_inline void set_atom(struct scratch *s, u32 atom)
{
	u32 word = (atom >> 6) & (PC_ATOM_WORDS - 1);

	s->atoms[word] |= 1ull << (atom & 63);
	s->summary[word >> 6] |= 1ull << (word & 63);
}

static __always_inline void apply_output(struct scratch *s, u64 output, u32 position)
{
	u32 kind = (output >> 16) & 0x7f, segment = (output >> 24) & 0xff, length = output >> 48;
	u32 epoch = s->epochs[s->pass & (PASSES - 1)], next = 0, end = 0;
	struct progress *p;

	if (kind == PC_OUTPUT_ATOM) {
		set_atom(s, output & 0xffff);
		return;
	}
	if (kind == PC_OUTPUT_RESET) {
		s->epochs[s->pass & (PASSES - 1)] = ++s->epoch;
		return;
	}
	p = &s->progress[(output >> 32) & (PC_SEGMENT_PATTERNS - 1)];
	if (p->epoch == epoch) {
		next = p->next;
		end = p->end;
	}
	if (segment != next || position < end + length)
		return;
	p->epoch = epoch;
	p->next = segment + 1;
	p->end = position;
	if (kind == PC_OUTPUT_SEGMENT_LAST)
		set_atom(s, output & 0xffff);
}

/* One output of the current hit's list. */
static long drain_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 hit = s->hit & (HITS - 1);
	u64 output;

	if (!s->list) {
		if (s->hit >= s->hit_count)
			return 1;
		s->list = image_u32(m->image, s->hits[hit].row - 4);
		if (!s->list) {
			s->hit++;
			return 0;
		}
	}
	output = image_u64(m->image, s->list);
	apply_output(s, output, s->hits[hit].position);
	s->list += sizeof(struct pc_output);
	if ((output >> 16) & PC_OUTPUT_END) {
		s->list = 0;
		s->hit++;
	}
	return 0;
}

static __always_inline void drain(struct machine *m)
{
	struct scratch *s = m->s;

	s->hit = 0;
	s->list = 0;
	bpf_loop(1 << 20, drain_step, m, 0);
	s->hit_count = 0;
}

static __always_inline void apply_list(struct machine *m, u32 list)
{
	struct scratch *s = m->s;

	if (!list)
		return;
	s->hit = 0;
	s->hit_count = 1;
	s->hits[0].position = 0;
	s->list = list;
	bpf_loop(1 << 16, drain_step, m, 0);
	s->hit_count = 0;
}

/* Byte k. A row's flag stays in `row` until the mask of the next load drops it. The barrier keeps clang from loading all bytes first, which
 * costs it two spills a byte. */
#define STEP(k)                                                                                    \
	do {                                                                                       \
		row = *(const u32 *)(image + ((row + classes[bytes[k]] * 4) & row_mask));          \
		emits |= row;                                                                      \
		asm volatile("" : "+r"(bytes));                                                    \
	} while (0)

/* The same with what the rows emit: `bytes` of them, at most eight, from arena[at] on. */
static __noinline u32 walk_closely(struct machine *m, u32 row, u32 at, u32 bytes)
{
	struct scratch *s = m->s;
	const void *image = m->image;
	u32 mask = image_mask, row_mask = mask & ~3u, map = s->classes, class;

	for (int k = 0; k < 8; k++) {
		if (k >= bytes)
			break;
		class = *(const u8 *)(image + ((map + s->arena[at & (ARENA_BYTES - 1)]) & mask));
		row = *(const u32 *)(image + ((row + class * 4) & row_mask));
		at++;
		if (row & PC_ROW_EMITS) {
			struct hit *h = &s->hits[s->hit_count & (HITS - 1)];

			h->row = row & ~3u;
			h->position = at + s->position;
			s->hit_count++;
		}
	}
	return row;
}

enum { STRIDE = 32 }; /* bytes of a call of walk_step */

/* STRIDE bytes of arena[s->from, s->to), eight at a time: which row emits is looked for only where one of eight does. The bound is one
 * comparison for eight bytes and there is no branch in between. */
static long walk_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	const void *image = m->image;
	u32 row_mask = image_mask & ~3u, row = s->row, at = s->from, left = s->to - at;
	const u8 *classes = image + (s->classes & image_mask & ~(PC_CLASS_MAP_BYTES - 1));

#pragma unroll
	for (int k = 0; k < STRIDE / 8; k++) {
		u32 before = row, emits = 0;
		const u8 *bytes;

		if (left < 8)
			break;
		bytes = &s->arena[at & (ARENA_BYTES - 1)];
		STEP(0); STEP(1); STEP(2); STEP(3); STEP(4); STEP(5); STEP(6); STEP(7);
		if (emits & PC_ROW_EMITS)
			row = walk_closely(m, before, at, 8);
		at += 8;
		left -= 8;
	}
	if (left < 8) {
		row = walk_closely(m, row, at, left);
		at += left;
		left = 0;
	}
	s->from = at;
	s->row = row;
	if (s->hit_count >= HITS_FULL)
		drain(m);
	return !left;
}

enum feed_flag {
	FEED_BEGIN = 1,  /* start state first */
	FEED_END = 2,    /* END behind the bytes */
	FEED_ABSENT = 4, /* the value does not exist */
};

/* Eight words of arena[s->from, s->to): ends the loop where so many in a row have no NUL as pass s->pass asks for. */
static long run_step(u32 i, struct machine *m)
{
	const u64 ones = 0x0101010101010101ull;
	struct scratch *s = m->s;
	u32 at = s->from, to = s->to, run = s->run, wanted = s->run_wanted;

#pragma unroll
	for (int k = 0; k < 8; k++) {
		u64 word;

		if (at + 8 > to)
			return 1;
		word = *(u64 *)&s->arena[at & (ARENA_BYTES - 8)];
		run = (word - ones) & ~word & (ones << 7) ? 0 : run + 1;
		if (run >= wanted)
			break;
		at += 8;
	}
	s->from = at;
	s->run = run;
	return run >= wanted;
}

/* Whether an automaton that asks for so many words without a NUL can tell anything of arena[from, to), a whole value. */
static __always_inline int has_run(struct machine *m, u32 wanted, u32 from, u32 to)
{
	struct scratch *s = m->s;

	if (to < from + wanted * 8)
		return 0;
	s->from = (from + 7) & ~7u;
	s->to = to;
	s->run = 0;
	s->run_wanted = wanted;
	bpf_loop(ARENA_BYTES / 64 + 1, run_step, m, 0);
	return s->run >= wanted;
}

struct feed {
	struct machine m;
	u32 automata; /* offset */
	u32 count;
};

static long feed_pass(u32 i, struct feed *f)
{
	struct scratch *s = f->m.s;
	const void *image = f->m.image;
	u32 automaton = f->automata + i * sizeof(struct pc_automaton), pass = i & (PASSES - 1);
	struct machine *m = &f->m;
	u32 end, run, flags = s->feed_flags, from = s->feed_from, to = s->feed_to;

	s->pass = pass;
	if (flags & FEED_ABSENT) {
		apply_list(m, image_u32(image, automaton + __builtin_offsetof(struct pc_automaton, absent)));
		return 0;
	}
	if (flags & FEED_BEGIN) {
		s->rows[pass] = image_u32(image, automaton + __builtin_offsetof(struct pc_automaton, start));
		s->positions[pass] = 0;
		s->epochs[pass] = ++s->epoch;
	}
	run = image_u32(image, automaton + __builtin_offsetof(struct pc_automaton, run));
	if (run && (flags & (FEED_BEGIN | FEED_END)) == (FEED_BEGIN | FEED_END) && !has_run(m, run, from, to))
		return 0;
	s->row = s->rows[pass];
	s->from = from;
	s->to = to;
	s->position = s->positions[pass] - from;
	s->hit_count = 0;
	if (to > from) {
		s->classes = image_u32(image, automaton + __builtin_offsetof(struct pc_automaton, classes));
		bpf_loop((to - from) / STRIDE + 1, walk_step, m, 0);
		s->rows[pass] = s->row;
		s->positions[pass] += to - from;
	}
	if (flags & FEED_END) {
		end = image_u32(image, s->row + image_u32(image, automaton + __builtin_offsetof(struct pc_automaton, end)));
		if (end & PC_ROW_EMITS) {
			struct hit *h = &s->hits[s->hit_count & (HITS - 1)];

			h->row = end & ~3u;
			h->position = s->positions[pass];
			s->hit_count++;
		}
	}
	if (s->hit_count)
		drain(m);
	return 0;
}

/* `what`: stream, and from bit 8 on enum feed_flag. */
__noinline int feed_bytes(u32 index, u32 slot, u32 what, u32 from, u32 to)
{
	u32 table = __builtin_offsetof(struct pc_header, automata) + (what & 0xff) * sizeof(struct pc_table);
	struct feed f = {};

	if (!find_machine(&f.m, index, slot))
		return 0;
	f.m.s->feed_flags = what >> 8;
	f.m.s->feed_from = from;
	f.m.s->feed_to = to;
	f.automata = image_u32(f.m.image, table);
	f.count = image_u32(f.m.image, table + 4);
	bpf_loop(bound(f.count, 2 * PASSES - 1), feed_pass, &f, 0);
	return 0;
}

/* Steps all automata of a stream over arena[from, to). */
static __always_inline void feed(struct machine *m, u32 stream, u32 from, u32 to, u32 flags)
{
	if (image_header(m->image)->streams & (1 << stream))
		feed_bytes(m->s->ordinal, m->s->slot, stream | flags << 8, from, to);
}

/* A string stream that was read to its end. */
static __always_inline void feed_string(struct machine *m, u32 stream, u32 from, u32 to)
{
	feed(m, stream, from, to, FEED_BEGIN | FEED_END);
	m->s->known |= 1ull << (PC_SOURCE_STREAM + stream);
}

/* Tests of integer facts. */
struct integers {
	struct machine m;
	u32 first; /* fact, inclusive */
	u32 last;  /* fact, exclusive */
};

/* Halves scratch's [low, high): the first point that is not below the value. */
static long search_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 middle = (s->low + s->high) / 2;

	if (s->low >= s->high)
		return 1;
	if ((s64)image_u64(m->image, s->points + middle * 8) < s->number)
		s->low = middle + 1;
	else
		s->high = middle;
	return 0;
}

static long integer_step(u32 i, struct integers *t)
{
	struct scratch *s = t->m.s;
	const void *image = t->m.image;
	u32 at = image_header(image)->integers.offset + i * sizeof(struct pc_integer);
	u32 fact = image_u32(image, at), points = image_u32(image, at + 4), regions = image_u32(image, at + 20), region;

	if (fact < t->first || fact >= t->last || fact >= PC_FACTS)
		return 0;
	if (!(s->known & (1ull << (PC_SOURCE_FACT + fact))))
		return 0;
	s->number = s->facts[fact] & image_u64(image, at + 8);
	s->points = image_u32(image, at + 16);
	s->low = 0;
	s->high = points;
	bpf_loop(32, search_step, &t->m, 0);
	region = s->low * 2;
	if (s->low < points && (s64)image_u64(image, s->points + s->low * 8) == s->number)
		region++;
	apply_list(&t->m, image_u32(image, regions + region * 4));
	return 0;
}

__noinline int test_facts(u32 index, u32 slot, u32 first, u32 last)
{
	struct integers t = { .first = first, .last = last };

	if (find_machine(&t.m, index, slot))
		bpf_loop(image_header(t.m.image)->integers.count, integer_step, &t, 0);
	return 0;
}

/* Tests the integer facts [first, last) that are known. */
static __always_inline void test_integers(struct machine *m, u32 first, u32 last)
{
	test_facts(m->s->ordinal, m->s->slot, first, last);
}

#endif
