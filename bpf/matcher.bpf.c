// SPDX-License-Identifier: GPL-2.0
/* The decision without an exec, for tests and benchmarks: facts come from a map instead of a task.
 *
 *   decide_input   syscall   BPF_PROG_TEST_RUN: decides `input` with the image in slot 0 and writes `output` */
#include "views.h"
#include "block.h"
#include "container.h"
#include "lineage.h"

char LICENSE[] SEC("license") = "GPL";

enum test_limit { TEST_BLOCK_BYTES = 4 << 20, TEST_NAME_BYTES = 256, TEST_CGROUP_BYTES = 1024 };

enum test_string { TEST_UNREAD = 0, TEST_CUT = 1, TEST_COMPLETE = 2, TEST_DERIVED = 3 /* the container, from the cgroup */ };

struct test_file {
	u32 path_state; /* enum test_string, as below */
	u32 path_bytes;
	u32 name_state;
	u32 name_bytes;
	u64 facts_known; /* bit n: facts[n] */
	s64 facts[PC_FACTS - PC_FACT_FILE];
	u8 path[PC_PATH_BYTES];
	u8 name[TEST_NAME_BYTES];
};

struct test_input {
	u32 levels;
	u32 native; /* the last level is the final program */
	u64 facts_known;
	s64 facts[PC_FACT_FILE];
	u32 comm_state;
	u32 comm_bytes;
	u32 tty_state;
	u32 tty_bytes;
	u32 argc;
	u32 envc;
	u32 block_bytes; /* that can be read */
	u32 block_known; /* 0: the block was not looked at */
	u32 cgroup_state;
	u32 cgroup_bytes;
	u32 container_state;
	u32 container_bytes;
	u32 lineage_state; /* 0: nothing is known of what came before */
	u32 reserved;
	u64 parent[PC_LINEAGE_WORDS];
	u64 parent_unknown[PC_LINEAGE_WORDS];
	u64 ancestors[PC_LINEAGE_WORDS];
	u64 ancestors_unknown[PC_LINEAGE_WORDS];
	u8 comm[64];
	u8 tty[64];
	u8 cgroup[TEST_CGROUP_BYTES];
	u8 container[TEST_NAME_BYTES];
	struct test_file files[PC_LEVELS];
	u8 block[TEST_BLOCK_BYTES];
};

struct test_output {
	u32 wants;
	u32 signal;
	u64 holds[PC_RULE_WORDS];
	u64 unknown[PC_RULE_WORDS];
	u64 atoms[PC_ATOM_WORDS]; /* of the last view */
	u64 known;
	u64 self[PC_LINEAGE_WORDS];
	u64 self_unknown[PC_LINEAGE_WORDS];
	u64 after_ancestors[PC_LINEAGE_WORDS]; /* of the task, when the exec has happened */
	u64 after_ancestors_unknown[PC_LINEAGE_WORDS];
	u32 container_bytes; /* as derived from the cgroup */
	u8 container[TEST_CGROUP_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct lineage_set);
} lineage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct test_input);
} input SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct test_output);
} output SEC(".maps");

struct test {
	struct machine m;
	struct test_input *in;
	struct levels *levels;
};

static long block_step(u32 i, struct test *t)
{
	struct scratch *s = t->m.s;
	u32 room = room_for_piece(s), at = s->address;

	if (s->phase >= PHASE_DONE || at >= s->limit || at >= TEST_BLOCK_BYTES)
		return 1;
	if (room > s->limit - at)
		room = s->limit - at;
	if (at > TEST_BLOCK_BYTES - 2 * BLOCK_END)
		return 1;
	bpf_probe_read_kernel(&s->arena[s->fill & (BLOCK_END - 1)], bound(room, 2 * BLOCK_END - 1), &t->in->block[at]);
	s->address += room;
	took_piece(&t->m, room);
	return 0;
}

static __always_inline void test_string(struct machine *m, u32 stream, u32 state, const void *bytes, u32 length, u32 at)
{
	if (state == TEST_UNREAD || length > PC_PATH_BYTES)
		return;
	bpf_probe_read_kernel(&m->s->arena[at], length, bytes);
	if (state == TEST_COMPLETE)
		feed_string(m, stream, at, at + length);
	else
		feed(m, stream, at, at + length, FEED_BEGIN);
}

static long level_step(u32 i, struct test *t)
{
	struct scratch *s = t->m.s;
	struct test_file *f;

	if (i >= t->in->levels || i >= PC_LEVELS)
		return 1;
	f = &t->in->files[i];
	s->known = (s->known & ~FILE_SOURCES) | (f->facts_known & 0xff) << (PC_SOURCE_FACT + PC_FACT_FILE);
#pragma unroll
	for (int k = 0; k < PC_FACTS - PC_FACT_FILE; k++)
		s->facts[PC_FACT_FILE + k] = f->facts[k];
	test_string(&t->m, PC_STREAM_PATH, f->path_state, f->path, f->path_bytes, PATH);
	test_string(&t->m, PC_STREAM_NAME, f->name_state, f->name, f->name_bytes, SMALL + 128);
	test_integers(&t->m, PC_FACT_FILE, PC_FACTS);
	if (t->levels)
		put_level(&t->m, t->levels, i);
	return 0;
}

/* The cgroup's strings; with TEST_DERIVED the container is looked for in the path. */
static __always_inline void test_cgroup(struct machine *m, struct test_input *in, struct test_output *out)
{
	struct scratch *s = m->s;
	u32 bytes = in->cgroup_bytes, length;

	out->container_bytes = 0;
	if (in->container_state != TEST_DERIVED) {
		test_string(m, PC_STREAM_CGROUP, in->cgroup_state, in->cgroup, bytes & (TEST_CGROUP_BYTES - 1), CHUNK);
		test_string(m, PC_STREAM_CONTAINER, in->container_state, in->container,
			    in->container_bytes & (TEST_NAME_BYTES - 1), CHUNK);
		return;
	}
	bpf_probe_read_kernel(&s->arena[CHUNK], bytes & (TEST_CGROUP_BYTES - 1), in->cgroup);
	feed_cgroup(m, CHUNK, CHUNK + bytes);
	length = s->container_to - s->container_from;
	out->container_bytes = length;
	bpf_probe_read_kernel(out->container, bound(length, TEST_CGROUP_BYTES - 1), &s->arena[s->container_from & (BLOCK_END - 1)]);
}

static __always_inline void test_lineage(struct machine *m, struct test_input *in, struct lineage_set *set)
{
	set->generation = !!in->lineage_state;
	set->exec = 0;
	m->s->exec = 1;
	bpf_probe_read_kernel(set->self.yes, sizeof(set->self.yes), in->parent);
	bpf_probe_read_kernel(set->self.unknown, sizeof(set->self.unknown), in->parent_unknown);
	bpf_probe_read_kernel(set->ancestors.yes, sizeof(set->ancestors.yes), in->ancestors);
	bpf_probe_read_kernel(set->ancestors.unknown, sizeof(set->ancestors.unknown), in->ancestors_unknown);
	if (image_header(m->image)->lineage_words)
		lineage_facts(m, set, 1);
}

SEC("syscall")
int decide_input(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct lineage_set *set;
	struct test_output *out;
	struct test t = {};
	struct scratch *s;
	u32 zero = 0;

	s = t.m.s = bpf_map_lookup_elem(&scratches, &zero); /* one run at a time */
	t.m.image = bpf_map_lookup_elem(&images, &zero);
	t.in = bpf_map_lookup_elem(&input, &zero);
	out = bpf_map_lookup_elem(&output, &zero);
	set = bpf_map_lookup_elem(&lineage, &zero);
	if (!s || !t.m.image || !t.in || !out || !set)
		return 1;
	if (t.in->levels > 1 || !t.in->native) {
		t.levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!t.levels)
			return 2;
	}
	s->ordinal = s->slot = 0;
	s->stage = PC_STAGE_KILL;
	s->levels = t.in->levels;
	s->native = t.in->native;
	s->known = 0;
	clear_atoms(&t.m);
	bpf_loop(PC_LEVELS, level_step, &t, 0);
	s->known |= (t.in->facts_known & 0xffff) << PC_SOURCE_FACT;
#pragma unroll
	for (int k = 0; k < PC_FACT_FILE; k++)
		s->facts[k] = t.in->facts[k];
	test_string(&t.m, PC_STREAM_COMM, t.in->comm_state, t.in->comm, t.in->comm_bytes & 63, SMALL);
	test_string(&t.m, PC_STREAM_TTY, t.in->tty_state, t.in->tty, t.in->tty_bytes & 63, SMALL + 64);
	test_cgroup(&t.m, t.in, out);
	test_lineage(&t.m, t.in, set);
	if (t.in->block_known) {
		ask_for_envs(&t.m, t.levels);
		begin_block(&t.m, t.in->argc, t.in->envc);
		s->address = 0;
		s->limit = t.in->block_bytes;
		bpf_loop(1 << 16, block_step, &t, 0);
		end_block(&t.m);
	}
	test_integers(&t.m, 0, PC_FACT_FILE);
	decide_views(&t.m, t.levels);
	lineage_exec(&t.m, set, 1);
	bpf_probe_read_kernel(out->self, sizeof(out->self), set->self.yes);
	bpf_probe_read_kernel(out->self_unknown, sizeof(out->self_unknown), set->self.unknown);
	bpf_probe_read_kernel(out->after_ancestors, sizeof(out->after_ancestors), set->ancestors.yes);
	bpf_probe_read_kernel(out->after_ancestors_unknown, sizeof(out->after_ancestors_unknown), set->ancestors.unknown);
	out->wants = s->wants;
	out->signal = s->signal;
	out->known = s->known | s->interpreter_known;
	bpf_probe_read_kernel(out->holds, sizeof(out->holds), s->holds);
	bpf_probe_read_kernel(out->unknown, sizeof(out->unknown), s->unknown);
	bpf_probe_read_kernel(out->atoms, sizeof(out->atoms), s->atoms);
	return 0;
}
