/* SPDX-License-Identifier: GPL-2.0 */
/* The argument block: argv[0], the arguments and the environment, each string with a NUL behind it, read in pieces into the arena
 * and fed to the automata in constant memory however long it is. */
#ifndef PORTCULLIS_BLOCK_H
#define PORTCULLIS_BLOCK_H

#include "walk.h"

enum phase { PHASE_ARGV0 = 0, PHASE_ARGS = 1, PHASE_ENVS = 2, PHASE_DONE = 3 };

/* Zero bytes in a word. */
static __always_inline u32 zero_bytes(u64 word)
{
	const u64 low7 = 0x7f7f7f7f7f7f7f7full;
	u64 zeros = ~(((word & low7) + low7) | word | low7);

	return ((zeros >> 7) * 0x0101010101010101ull) >> 56;
}

/* Looks for the s->left-th NUL of arena[s->from, s->to): s->from stops behind it, and s->left is 0 when it was found. */
static long nul_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 from = s->from, to = s->to, left = s->left, found;

	if (from >= to || !left)
		return 1;
#pragma unroll
	for (int k = 0; k < 8; k++) {
		if ((from & 7) || to - from < 8)
			break;
		found = zero_bytes(*(u64 *)&s->arena[from & (ARENA_BYTES - 8)]);
		if (found >= left)
			break;
		left -= found;
		from += 8;
	}
#pragma unroll
	for (int k = 0; k < 8; k++) {
		if (from >= to || !left)
			break;
		left -= !s->arena[from & (ARENA_BYTES - 1)];
		from++;
		if (!(from & 7))
			break;
	}
	s->from = from;
	s->left = left;
	return 0;
}

static __always_inline u32 phase_stream(u32 phase)
{
	return phase == PHASE_ARGV0 ? PC_STREAM_ARGV0 : phase == PHASE_ARGS ? PC_STREAM_ARGS : PC_STREAM_ENVS;
}

/* Feeds the stream of the current phase. */
static __always_inline void feed_phase(struct machine *m, u32 from, u32 to, u32 flags)
{
	struct scratch *s = m->s;

	feed(m, phase_stream(s->phase), from, to, s->begun ? flags : flags | FEED_BEGIN);
	s->begun = 1;
}

/* Enters a phase, or says that its stream does not exist. */
static __always_inline void enter_phase(struct machine *m, u32 phase)
{
	struct scratch *s = m->s;
	u32 stream = phase_stream(phase);

	s->phase = phase;
	s->left = phase == PHASE_ARGV0 ? s->argc > 0 : phase == PHASE_ARGS ? (s->argc > 0 ? s->argc - 1 : 0) : s->envc;
	s->begun = 0;
	if (phase != PHASE_DONE && !s->left)
		feed(m, stream, 0, 0, FEED_ABSENT);
}

/* Consumes what the current phase has of arena[s->at, s->fill). */
static long consume_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 stream = phase_stream(s->phase), at = s->at;

	if (s->phase >= PHASE_DONE)
		return 1;
	if (s->left) {
		if (at >= s->fill)
			return 1;
		s->from = at;
		s->to = s->fill;
		bpf_loop(BLOCK_END / 8 + 8, nul_step, m, 0);
		s->at = s->from;
		s->total += s->at - at;
		if (s->left) { /* all of it, and more strings to come */
			feed_phase(m, at, s->at, 0);
			return 1;
		}
		feed_phase(m, at, s->at - 1, FEED_END);
	}
	s->known |= 1ull << (PC_SOURCE_STREAM + stream);
	if (s->phase == PHASE_ARGS) {
		s->args_bytes = s->total;
		s->facts[PC_FACT_ARGS_TRUNCATED] = s->total > PC_HEAD_BYTES;
		s->known |= 1ull << (PC_SOURCE_FACT + PC_FACT_ARGS_TRUNCATED);
	}
	if (s->phase == PHASE_ARGS && !s->envs_wanted) { /* known not to matter */
		s->known |= 1ull << (PC_SOURCE_STREAM + PC_STREAM_ENVS);
		enter_phase(m, PHASE_DONE);
		return 0;
	}
	enter_phase(m, s->phase == PHASE_ARGS && !(image_header(m->image)->streams & (1 << PC_STREAM_ENVS)) ? PHASE_DONE
													    : s->phase + 1);
	return 0;
}

/* Inline, as stages are: the kernel allows eight frames. */
static __always_inline void consume(struct machine *m)
{
	bpf_loop(8, consume_step, m, 0);
}

static __noinline void begin_block(struct machine *m, u32 argc, u32 envc)
{
	struct scratch *s = m->s;

	s->argc = argc;
	s->envc = envc;
	s->args_bytes = 0;
	s->head_bytes = 0;
	s->total = 0;
	s->at = s->fill = HEAD;
	enter_phase(m, PHASE_ARGV0);
}

/* Where the next piece goes. What is there was consumed; the head, which a record carries, is never written again. */
static __always_inline u32 room_for_piece(struct scratch *s)
{
	if (s->fill >= BLOCK_END)
		s->at = s->fill = CHUNK;
	return BLOCK_END - (s->fill & (BLOCK_END - 1));
}

static __always_inline void took_piece(struct machine *m, u32 bytes)
{
	struct scratch *s = m->s;

	s->fill += bytes;
	if (s->fill > s->head_bytes && s->head_bytes < PC_HEAD_BYTES)
		s->head_bytes = s->fill < PC_HEAD_BYTES ? s->fill : PC_HEAD_BYTES;
	if (s->fill >= BLOCK_END)
		consume(m);
}

/* After a reader: what is left in the arena. */
static __always_inline void end_block(struct machine *m)
{
	consume(m);
}

#endif
