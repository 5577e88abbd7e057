/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel structures by pieces: a copy of their first bytes costs one helper call, where each field by itself costs one as well. */
#ifndef PORTCULLIS_PIECE_H
#define PORTCULLIS_PIECE_H

#include "maps.h"

/* Copies the beginning of *pointer; zeros when it cannot be read. */
#define READ_PIECE(piece, pointer) bpf_probe_read_kernel(piece, sizeof(piece), pointer)

/* A field of *pointer out of the piece, or, where the running kernel has it behind the piece, by a read of its own. */
#define FIELD(piece, pointer, field)                                                               \
	({                                                                                         \
		typeof((pointer)->field) value_ = 0;                                               \
		u32 at_ = bpf_core_field_offset(typeof(*(pointer)), field);                        \
                                                                                                   \
		if (at_ + sizeof(value_) <= sizeof(piece))                                         \
			value_ = *(typeof(value_) *)((piece) + at_);                               \
		else                                                                               \
			bpf_probe_read_kernel(&value_, sizeof(value_), (void *)(pointer) + at_);   \
		value_;                                                                            \
	})

/* What both stages ask of an exec. */
static __always_inline void read_binprm(struct scratch *s, struct linux_binprm *bprm)
{
	READ_PIECE(s->bprm_piece, bprm);
}

#define BPRM(field) FIELD(s->bprm_piece, bprm, field)

#endif
