/* SPDX-License-Identifier: GPL-2.0 */
/* The container that the path of a cgroup names. How engines name their cgroups: src/events/container.ts, which must agree. */
#ifndef PORTCULLIS_CONTAINER_H
#define PORTCULLIS_CONTAINER_H

#include "walk.h"

enum { ID_DIGITS = 64 };

static __always_inline u8 byte_at(struct scratch *s, u32 at)
{
	return s->arena[at & (ARENA_BYTES - 1)];
}

/* Whether `word` stands at `at`. Without branches, for the verifier's sake: the compiler must not make comparisons of it. */
#define SPELLS(at, word) spells(s, at, word, sizeof(word) - 1)
static __always_inline int spells(struct scratch *s, u32 at, const char *word, u32 length)
{
	u32 difference = 0;

#pragma unroll
	for (u32 k = 0; k < length; k++) {
		difference |= byte_at(s, at + k) ^ word[k];
		asm volatile("" : "+r"(difference));
	}
	return !difference;
}

static __always_inline int is_hex(u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether the engine that writes `<engine>-` before the id and ".scope" or nothing behind it is one of those known. */
static __noinline int is_engine(struct scratch *s, u32 at, u32 length, u32 scoped)
{
	if (length == 4)
		return SPELLS(at, "crio");
	if (length == 6)
		return (SPELLS(at, "docker") && scoped) || SPELLS(at, "libpod");
	if (length == 7)
		return SPELLS(at, "nerdctl") && scoped;
	if (length == 10)
		return SPELLS(at, "containerd") && scoped;
	if (length == 14)
		return SPELLS(at, "cri-containerd") && scoped;
	return 0;
}

/* One directory name, [s->start, end): when it is a container's, its id is the innermost so far. */
static __noinline void recognise(struct scratch *s, u32 end)
{
	u32 start = s->start, length = end - start, scoped = 0, digits = s->digits, stop = end, id;

	if (length > 6 && SPELLS(end - 6, ".scope")) {
		scoped = 1;
		stop = end - 6;
		digits = s->digits_dot;
	}
	id = stop - ID_DIGITS;
	if (digits == ID_DIGITS) {
		u8 before = byte_at(s, id - 1);

		if (id == start) {
			if (!scoped)
				goto found;
		} else if (before == '-') {
			if (is_engine(s, start, id - 1 - start, scoped))
				goto found;
		} else if (before == ':' && !scoped) {
			if ((id - start >= 16 && SPELLS(id - 16, ":cri-containerd")) || (id - start >= 6 && SPELLS(id - 6, ":crio")))
				goto found;
		}
	}
	id = start;
	stop = end;
	/* ECS: 32 digits, a number, below the 32 digits of the task */
	if (s->digits_dash == 32 && s->above_hex == 32)
		goto found;
	if (length == 28 && !s->not_guid) /* Cloud Foundry: five groups, all but the first of four digits */
		goto found;
	id = start + 12;
	if (length > 12 && SPELLS(start, "lxc.payload."))
		goto found;
	id = start;
	if (s->above_end - s->above == 3 && SPELLS(s->above, "lxc"))
		goto found;
	id = start + 15;
	stop = end - 8;
	if (length > 23 && SPELLS(start, "systemd-nspawn@") && SPELLS(end - 8, ".service"))
		goto found;
	return;
found:
	s->container_from = id;
	s->container_to = stop;
}

/* digits_dash is 32 while a name is 32 hexadecimal digits, '-' and decimal digits. */
enum { NOT_ECS = 0xffff };

static long container_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 at = s->from, start = s->start;
	u8 c;

	c = at < s->to ? byte_at(s, at) : '/';
	if (c == '/') {
		if (at > start) {
			if (s->digits_dash == 32 && byte_at(s, at - 1) == '-')
				s->digits_dash = NOT_ECS;
			recognise(s, at);
			s->above = start;
			s->above_end = at;
			s->above_hex = s->digits == at - start ? s->digits : 0;
		}
		if (at >= s->to)
			return 1;
		s->start = at + 1;
		s->digits = s->digits_dot = s->digits_dash = 0;
		s->not_guid = 0;
	} else {
		u32 dash = at - start == 8 || at - start == 13 || at - start == 18 || at - start == 23;

		if (dash ? c != '-' : !is_hex(c))
			s->not_guid = 1;
		if (c == '.')
			s->digits_dot = s->digits;
		if (s->digits_dash) {
			if (c < '0' || c > '9')
				s->digits_dash = NOT_ECS;
		} else if (c == '-') {
			s->digits_dash = s->digits == 32 && at - start == 32 ? 32 : NOT_ECS;
		}
		s->digits = is_hex(c) ? s->digits + 1 : 0;
	}
	s->from = at + 1;
	return 0;
}

/* Looks for the innermost container of the path arena[from, to): arena[s->container_from, s->container_to), empty for none. */
static __noinline void find_container(struct machine *m, u32 from, u32 to)
{
	struct scratch *s = m->s;

	s->from = s->start = from;
	s->to = to;
	s->above = s->above_end = s->above_hex = 0;
	s->digits = s->digits_dot = s->digits_dash = s->not_guid = 0;
	s->container_from = s->container_to = from;
	bpf_loop(BLOCK_END - CHUNK + 1, container_step, m, 0);
}

/* Feeds the streams of the cgroup whose path lies in arena[from, to). */
static __always_inline void feed_cgroup(struct machine *m, u32 from, u32 to)
{
	find_container(m, from, to);
	feed_string(m, PC_STREAM_CGROUP, from, to);
	feed_string(m, PC_STREAM_CONTAINER, m->s->container_from, m->s->container_to);
}

#endif
