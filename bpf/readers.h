/* SPDX-License-Identifier: GPL-2.0 */
/* Where the argument block comes from: the caller's pointers before the exec, the new program's stack after it. */
#ifndef PORTCULLIS_READERS_H
#define PORTCULLIS_READERS_H

#include "block.h"

/* Stage 1: the strings lie in the caller's memory, one pointer each. Stops at the first byte that cannot be read. */
static long pointer_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 room, argc = s->argc;
	u64 pointer = 0, table;
	long n;

	if (!s->string) {
		if (s->index >= argc + (image_header(m->image)->streams & (1 << PC_STREAM_ENVS) ? s->envc : 0))
			return 1;
		table = s->index < argc ? s->argv + (u64)s->index * s->pointer_bytes
					: s->envp + (u64)(s->index - argc) * s->pointer_bytes;
		n = s->pointer_bytes == 4 ? bpf_probe_read_user(&pointer, 4, (void *)table)
					  : bpf_probe_read_user(&pointer, 8, (void *)table);
		if (n)
			return 1;
		if (!pointer) {
			if (s->index || argc != 1)
				return 1;
			/* the kernel turns an empty argument list into one empty string */
			room_for_piece(s);
			s->arena[s->fill & (BLOCK_END - 1)] = 0;
			s->index++;
			took_piece(m, 1);
			return 0;
		}
		s->string = pointer;
	}
	if (s->fill > BLOCK_END - 256) { /* a string needs some room to make progress */
		consume(m);
		s->at = s->fill = CHUNK;
		s->wrapped = 1;
	}
	room = room_for_piece(s);
	n = bpf_probe_read_user_str(&s->arena[s->fill & (BLOCK_END - 1)], bound(room, 2 * BLOCK_END - 1), (void *)s->string);
	if (n <= 0)
		return 1;
	if (n == room) {
		/* cut, or it just fits: take all but the NUL and look again behind it */
		n = room - 1;
		s->string += n;
		took_piece(m, n);
		return 0;
	}
	s->index++;
	s->string = 0;
	took_piece(m, n);
	return 0;
}

enum may_sleep { MAY_NOT_SLEEP, MAY_SLEEP };

/* Stage 2: the definitive copy, contiguous at s->address. Without sleeping, a page that is not resident ends it. */
static __always_inline long read_piece(struct machine *m, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	u32 room = room_for_piece(s);
	void *into = &s->arena[s->fill & (BLOCK_END - 1)];

	if (s->phase >= PHASE_DONE || s->address >= s->limit)
		return 1;
	if (room > s->limit - s->address)
		room = s->limit - s->address;
	if (sleeps == MAY_SLEEP ? bpf_copy_from_user(into, bound(room, 2 * BLOCK_END - 1), (void *)s->address)
				: bpf_probe_read_user(into, bound(room, 2 * BLOCK_END - 1), (void *)s->address))
		return 1;
	s->address += room;
	took_piece(m, room);
	return 0;
}

static long definitive_step(u32 i, struct machine *m)
{
	return read_piece(m, MAY_SLEEP);
}

static long resident_step(u32 i, struct machine *m)
{
	return read_piece(m, MAY_NOT_SLEEP);
}

#endif
