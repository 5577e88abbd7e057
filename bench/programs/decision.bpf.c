// SPDX-License-Identifier: GPL-2.0
/* What a decision costs, and what nothing less could cost, in one object on one input. Each program does its work `repeat` times between
 * two readings of the clock, so that neither the system call nor the clock counts.
 *
 *   bench_empty    the loop around the work
 *   bench_load     loads each byte of the argument block, and does nothing with it
 *   bench_decide   decides `input` with the image in slot 0, as matcher.bpf.c does for tests, which hand in what an exec hands in
 *   bench_naive    compares each pattern with the block at each position */
#include "matcher.bpf.c"

enum { PATTERN_BYTES = 60, PATTERNS = 16384 };

struct bench {
	u64 repeat;
	u64 ns; /* of all of them together */
};

struct pattern {
	u32 bytes;
	u8 text[PATTERN_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PATTERNS);
	__type(key, u32);
	__type(value, struct pattern);
} patterns SEC(".maps");

/* How many of them are looked for. */
volatile u32 pattern_count = 0;
/* What the loops arrive at, so that the compiler leaves none out. */
volatile u64 sink = 0;

static long empty_step(u32 i, void *unused)
{
	return 0;
}

SEC("syscall")
int bench_empty(struct bench *b)
{
	u64 begin = bpf_ktime_get_ns();

	bpf_loop(b->repeat, empty_step, 0, 0);
	b->ns = bpf_ktime_get_ns() - begin;
	return 0;
}

struct loading {
	struct test_input *in;
	struct scratch *s;
};

#define LOAD                                                                                       \
	do {                                                                                       \
		if (at >= to)                                                                      \
			goto out;                                                                  \
		sum += in->block[at & (TEST_BLOCK_BYTES - 1)];                                     \
		at++;                                                                              \
	} while (0)
#define LOAD4 LOAD; LOAD; LOAD; LOAD

/* Sixteen bytes, in the shape of walk_step. */
static long load_bytes(u32 i, struct loading *l)
{
	struct test_input *in = l->in;
	struct scratch *s = l->s;
	u32 at = s->from, to = s->to;
	u64 sum = s->number;

	LOAD4; LOAD4; LOAD4; LOAD4;
out:
	s->from = at;
	s->number = sum;
	return at >= to;
}

static long load_step(u32 i, struct loading *l)
{
	struct scratch *s = l->s;

	s->from = 0;
	s->to = l->in->block_bytes;
	bpf_loop((s->to + 15) / 16, load_bytes, l, 0);
	return 0;
}

SEC("syscall")
int bench_load(struct bench *b)
{
	struct loading l = {};
	u32 zero = 0;
	u64 begin;

	l.in = bpf_map_lookup_elem(&input, &zero);
	l.s = bpf_map_lookup_elem(&scratches, &zero);
	if (!l.in || !l.s)
		return 1;
	begin = bpf_ktime_get_ns();
	bpf_loop(b->repeat, load_step, &l, 0);
	b->ns = bpf_ktime_get_ns() - begin;
	sink = l.s->number;
	return 0;
}

/* decide_input of matcher.bpf.c without what only tests look at. */
static long decide_step(u32 i, struct test *t)
{
	struct scratch *s = t->m.s;

	s->ordinal = s->slot = 0;
	s->stage = PC_STAGE_KILL;
	s->levels = 1;
	s->native = 1;
	s->known = 0;
	clear_atoms(&t->m);
	level_step(0, t);
	s->known |= (t->in->facts_known & 0xffff) << PC_SOURCE_FACT;
#pragma unroll
	for (int k = 0; k < PC_FACT_FILE; k++)
		s->facts[k] = t->in->facts[k];
	test_string(&t->m, PC_STREAM_COMM, t->in->comm_state, t->in->comm, t->in->comm_bytes & 63, SMALL);
	test_string(&t->m, PC_STREAM_TTY, t->in->tty_state, t->in->tty, t->in->tty_bytes & 63, SMALL + 64);
	ask_for_envs(&t->m, 0);
	begin_block(&t->m, t->in->argc, t->in->envc);
	s->address = 0;
	s->limit = t->in->block_bytes;
	bpf_loop(1 << 16, block_step, t, 0);
	end_block(&t->m);
	test_integers(&t->m, 0, PC_FACT_FILE);
	decide_views(&t->m, 0);
	return 0;
}

SEC("syscall")
int bench_decide(struct bench *b)
{
	struct test t = {};
	u32 zero = 0;
	u64 begin;

	t.m.s = bpf_map_lookup_elem(&scratches, &zero);
	t.m.image = bpf_map_lookup_elem(&images, &zero);
	t.in = bpf_map_lookup_elem(&input, &zero);
	if (!t.m.s || !t.m.image || !t.in)
		return 1;
	begin = bpf_ktime_get_ns();
	bpf_loop(b->repeat, decide_step, &t, 0);
	b->ns = bpf_ktime_get_ns() - begin;
	sink = t.m.s->wants;
	return 0;
}

struct comparing {
	struct test_input *in;
	struct scratch *s;
	struct pattern *pattern;
};

static long position_step(u32 at, struct comparing *c)
{
	struct pattern *pattern = c->pattern;
	u32 k;

	for (k = 0; k < PATTERN_BYTES; k++) {
		if (k >= pattern->bytes)
			break;
		if (c->in->block[(at + k) & (TEST_BLOCK_BYTES - 1)] != pattern->text[k])
			return 0;
	}
	c->s->wants = 1;
	return 1;
}

static long pattern_step(u32 i, struct comparing *c)
{
	c->pattern = bpf_map_lookup_elem(&patterns, &i);
	if (!c->pattern)
		return 1;
	bpf_loop(c->in->block_bytes, position_step, c, 0);
	return 0;
}

static long naive_step(u32 i, struct comparing *c)
{
	bpf_loop(pattern_count, pattern_step, c, 0);
	return 0;
}

SEC("syscall")
int bench_naive(struct bench *b)
{
	struct comparing c = {};
	u32 zero = 0;
	u64 begin;

	c.in = bpf_map_lookup_elem(&input, &zero);
	c.s = bpf_map_lookup_elem(&scratches, &zero);
	if (!c.in || !c.s)
		return 1;
	begin = bpf_ktime_get_ns();
	bpf_loop(b->repeat, naive_step, &c, 0);
	b->ns = bpf_ktime_get_ns() - begin;
	sink = c.s->wants;
	return 0;
}
