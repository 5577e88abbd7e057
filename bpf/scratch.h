/* SPDX-License-Identifier: GPL-2.0 */
/* Who has which scratch memory: a program claims one at its beginning and yields it at its end. */
#ifndef PORTCULLIS_SCRATCH_H
#define PORTCULLIS_SCRATCH_H

#include "maps.h"

struct search {
	u32 next;
	u32 found;
};

enum { NONE_FREE = 0xffffffff };

static __always_inline int take(struct scratch *s)
{
	return !__sync_val_compare_and_swap(&s->busy, 0, 1);
}

static long claim_step(u32 i, struct search *search)
{
	u32 index = search->next % scratch_count;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &index);

	search->next++;
	if (!s || !take(s))
		return 0;
	search->found = index;
	return 1;
}

/* Any that is free: programs that were interrupted hold theirs. */
static __noinline u32 claim_other(u32 first)
{
	struct search search = { .next = first, .found = NONE_FREE };

	bpf_loop(scratch_count, claim_step, &search, 0);
	return *(volatile u32 *)&search.found;
}

/* Claims scratch memory, `first` if it is free, for an image. NULL when too many programs run at once. */
static __always_inline struct scratch *claim(u32 first, u32 slot)
{
	u32 index = first % scratch_count;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &index);

	if (!s)
		return 0;
	if (!take(s)) {
		index = claim_other(first + 1);
		if (index == NONE_FREE)
			return 0;
		s = bpf_map_lookup_elem(&scratches, &index);
		if (!s)
			return 0;
	}
	s->ordinal = index;
	s->slot = slot;
	return s;
}

static __always_inline void yield(struct scratch *s)
{
	__sync_lock_test_and_set(&s->busy, 0);
}

#endif
