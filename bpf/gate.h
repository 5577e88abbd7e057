/* SPDX-License-Identifier: GPL-2.0 */
/* The way into an image and out of it. */
#ifndef PORTCULLIS_GATE_H
#define PORTCULLIS_GATE_H

#include "walk.h"

enum { SLOT_CONTENDED = 0xfe }; /* the word changed at every attempt: there is an image, and this program does not have it */

enum which { ACTIVE, SHADOW };

/* Takes the active image, or the shadow. The word is read again behind the count so that nobody is in a slot unseen: user space flips the word, then
 * waits for the old slot's count. NULL when there is no such image, or, with *slot SLOT_CONTENDED, when none could be taken. */
static __always_inline struct pc_state *enter(struct machine *m, enum which which, u32 *slot, u64 *generation)
{
	u32 zero = 0, index;
	struct pc_state *st = bpf_map_lookup_elem(&state, &zero);
	u64 word;

	if (!st)
		return 0;
	for (int attempt = 0; attempt < 4; attempt++) {
		word = *(volatile u64 *)&st->word;
		index = (word >> (which == SHADOW ? PC_WORD_SHADOW_SHIFT : PC_WORD_ACTIVE_SHIFT)) & 0xff;
		if (index >= PC_SLOTS)
			return 0;
		index = bound(index, 3);
		__sync_fetch_and_add(&st->inside[index], 1);
		if (*(volatile u64 *)&st->word == word) {
			*slot = index;
			*generation = st->generations[index];
			m->image = bpf_map_lookup_elem(&images, slot);
			return st;
		}
		__sync_fetch_and_add(&st->inside[index], -1);
	}
	*slot = SLOT_CONTENDED;
	return 0;
}

static __always_inline void leave(struct pc_state *st, u32 slot)
{
	__sync_fetch_and_add(&st->inside[bound(slot, 3)], -1);
}

#endif
