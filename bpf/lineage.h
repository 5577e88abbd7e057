/* SPDX-License-Identifier: GPL-2.0 */
/* Lineage: what a task's program and the programs before it were, by the bits that the rules ask for. A fork copies them, an exec adds
 * those of the program that goes to those of its ancestors: the cost is the same at any depth. */
#ifndef PORTCULLIS_LINEAGE_H
#define PORTCULLIS_LINEAGE_H

#include "walk.h"

/* Word k of a set, as the next exec sees it: the program that runs is its parent and one of its ancestors. A set of another image says
 * nothing. */
static __always_inline void lineage_word(struct lineage_set *set, u64 generation, u32 k, struct lineage_bits *parent,
					 struct lineage_bits *ancestors)
{
	if (!set || set->generation != generation) {
		parent->yes[k] = ancestors->yes[k] = 0;
		parent->unknown[k] = ancestors->unknown[k] = ~0ull;
		return;
	}
	parent->yes[k] = set->self.yes[k];
	parent->unknown[k] = set->self.unknown[k] & ~parent->yes[k];
	ancestors->yes[k] = set->ancestors.yes[k] | parent->yes[k];
	ancestors->unknown[k] = (set->ancestors.unknown[k] | parent->unknown[k]) & ~ancestors->yes[k];
}

static __always_inline void put_atoms(struct scratch *s, u32 word, u64 atoms)
{
	word &= PC_ATOM_WORDS - 1;
	s->atoms[word] = atoms;
	s->summary[word >> 6] |= 1ull << (word & 63);
}

/* Sets the atoms of parent and ancestors. `set` may be NULL. */
static __noinline void lineage_facts(struct machine *m, struct lineage_set *set, u64 generation)
{
	struct scratch *s = m->s;
	const struct pc_header *h = image_header(m->image);
	u32 words = h->lineage_words, first = h->lineage_word;
	struct lineage_bits parent, ancestors;
	u64 parent_unknown = 0, ancestors_unknown = 0;

#pragma unroll
	for (u32 k = 0; k < PC_LINEAGE_WORDS; k++) {
		if (k < words) {
			lineage_word(set, generation, k, &parent, &ancestors);
			put_atoms(s, first + k, parent.yes[k]);
			put_atoms(s, first + words + k, parent.unknown[k]);
			put_atoms(s, first + 2 * words + k, ancestors.yes[k]);
			put_atoms(s, first + 3 * words + k, ancestors.unknown[k]);
			parent_unknown |= parent.unknown[k];
			ancestors_unknown |= ancestors.unknown[k];
		}
	}
	if (!parent_unknown)
		s->known |= 1ull << PC_SOURCE_PARENT;
	if (!ancestors_unknown)
		s->known |= 1ull << PC_SOURCE_ANCESTORS;
}

/* The exec in scratch happened: its program is what the task runs from now on. An image that ceases to be the shadow and becomes the active
 * one may be told of an exec twice. */
static __noinline void lineage_exec(struct machine *m, struct lineage_set *set, u64 generation)
{
	struct scratch *s = m->s;
	struct lineage_bits parent, ancestors;

	if (!set)
		return;
	if (set->generation != generation)
		set->complete = 0;
	else if (set->exec == s->exec)
		return;
	set->exec = s->exec;
#pragma unroll
	for (u32 k = 0; k < PC_LINEAGE_WORDS; k++) {
		lineage_word(set, generation, k, &parent, &ancestors);
		set->ancestors.yes[k] = ancestors.yes[k];
		set->ancestors.unknown[k] = ancestors.unknown[k];
		set->self.yes[k] = s->self.yes[k];
		set->self.unknown[k] = s->self.unknown[k] & ~s->self.yes[k];
	}
	/* last: who copies it meanwhile copies a set of another image */
	set->generation = generation;
}

#endif
