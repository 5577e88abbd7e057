/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that outlives a program run: images, the state word, rings, counters, what is known of a task's exec, and scratch memory, which
 * scratch.h gives out. Loop state lives in scratch and not on the stack, because newer verifiers walk a bpf_loop callback until its state converges. */
#ifndef PORTCULLIS_MAPS_H
#define PORTCULLIS_MAPS_H

#include "abi.h"
#include "kernel.h"

/* Never read: keeps the types that user space looks up in the object's BTF. */
const volatile union {
	enum pc_version version;
	enum pc_magic magic;
	enum pc_limit limit;
	enum pc_stream stream;
	enum pc_fact fact;
	enum pc_source source;
	enum pc_row row;
	enum pc_output_kind output_kind;
	enum pc_literal literal;
	enum pc_step step;
	enum pc_rule_flag rule_flag;
	enum pc_word word;
	enum pc_event event;
	enum pc_stage stage;
	enum pc_verdict verdict;
	enum pc_counter counter;
	enum pc_record_flag record_flag;
	enum pc_protection protection;
	struct pc_guard guard;
	struct pc_file file;
	struct pc_inode inode;
	struct pc_ancestry_key ancestry_key;
	struct pc_ancestry ancestry;
	struct pc_orphan orphan;
	struct pc_header header;
	struct pc_automaton automaton;
	struct pc_output output;
	struct pc_integer integer;
	struct pc_clause clause;
	struct pc_program program;
	struct pc_rule rule;
	struct pc_guard_list guard_list;
	struct pc_record record;
} border_types = {};

/* Entries of `scratches`. */
const volatile u32 scratch_count = 64;

/* Where the kernel has all physical memory, and which bits of an address are physical. 0: not known, and stage 1 reads no arguments. With five
 * levels of page tables it lies below FOUR_LEVELS. */
const volatile u64 direct_map = 0;
const volatile u64 physical_mask = 0;
#define FOUR_LEVELS 0xffff800000000000ull

/* Image capacity - 1, a power of two - 1. Set before load together with the value size of `images` (capacity + 8). */
const volatile u32 image_mask = (1 << 20) - 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PC_SLOTS);
	__uint(key_size, sizeof(u32));
	__uint(value_size, (1 << 20) + 8);
} images SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pc_state);
} state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PC_COUNTERS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

/* Of each CPU: next record number, next exec number, and when the reader of reports was last woken. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} sequence SEC(".maps");

/* What was acted on. Reports cannot fill it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} reports SEC(".maps");

/* Regions of the byte arena. */
enum {
	HEAD = 0,            /* first PC_HEAD_BYTES of the argument block; stays for the record */
	CHUNK = 4096,        /* the rest of the block, piece by piece */
	BLOCK_END = 8192,
	PATH = 8192,         /* path of the current level, written from its end */
	PATH_END = 8192 + PC_PATH_BYTES + 1,
	SMALL = 12544,       /* comm, tty, and strings of tests */
	ARENA_BYTES = 16384,
	HITS = 64,
	HITS_FULL = HITS - 32,
	PASSES = 8,          /* automata over one block stream */
	ACTING = 16,         /* enforcing rules whose circuit breakers are asked; with more of them the exec is acted on */
};

/* What a rule acted on that was established, so that the same is counted once. */
struct trip {
	u64 generation;
	u64 rule;
	struct pc_file file;
	struct pc_file parent;
};

struct lineage_bits { /* a bit is true, unknown or, in neither, false */
	u64 yes[PC_LINEAGE_WORDS];
	u64 unknown[PC_LINEAGE_WORDS];
};

/* Of one task, by the image of `generation`. */
struct lineage_set {
	u64 generation;
	u64 complete;                  /* 0: `ancestors` lacks those of before this image */
	u64 exec;                      /* the last one that went in */
	struct lineage_bits self;      /* the program that the task runs */
	struct lineage_bits ancestors; /* what came before it */
};

struct hit {
	u32 row;
	u32 position;
};

struct progress { /* of one pattern of several segments */
	u32 epoch;
	u32 end : 24;
	u32 next : 8;
};

/* What goes with a task from stage 1 to stage 2 and to the check that stage 2 was there. */
struct exec {
	u64 id;
	u64 mm;       /* which exec, as mm_id() counts */
	u64 seen;     /* the last exec that was decided, as exec_number() counts */
	u64 generation; /* image of the levels' atoms */
	u32 levels;
	u32 scratch;  /* claimed by stage 1 */
	struct pc_file first; /* the program of level 0 */
	u64 inode;    /* of the same */
	u32 device;
	u32 file;     /* of the last level: some bits of its address */
	u32 put;      /* levels whose facts were put away */
	u64 previous; /* of what the task ran until now, as scratch has it */
};

/* Memory of one running program. Programs may sleep, migrate and be preempted, so it is neither per CPU nor on the stack, and it is too
 * large to allocate at every exec: a program claims one, that of its CPU first. After stage 1 it keeps what was read and decided, until
 * somebody else claims it: where stage 2 finds it again it need not decide anew. */
struct scratch {
	u32 busy;     /* claimed by a running program */
	u32 ordinal;  /* of this one */
	u64 kept;     /* the exec whose facts and decision it still has, 0: none */
	u8 arena[ARENA_BYTES + 8]; /* eight bytes are read from its last one, too */
	u64 holds[PC_RULE_WORDS];
	u64 unknown[PC_RULE_WORDS];
	struct progress progress[PC_SEGMENT_PATTERNS];
	u64 atoms[PC_ATOM_WORDS];
	u64 summary[PC_SUMMARY_WORDS]; /* bit n: word n of atoms may be non-zero */
	struct lineage_bits self; /* of the program that is being executed, over its views */
	struct hit hits[HITS];

	/* the exec */
	u64 exec;     /* id */
	u64 previous; /* of what the task ran until now, 0: not known */
	u64 generation;
	u32 slot;     /* of the image that decides */
	u32 guarded;  /* rules that act on established executables are counted */
	struct pc_file first; /* the program of level 0 */
	struct pc_file file;  /* that of the current level */
	struct trip trip;
	u64 known;    /* sources read to their end: common ones and, in file role, those of the current level */
	u64 interpreter_known; /* of the current view */
	u64 missing;  /* sources that the image asks for and some view did not have */
	s64 facts[PC_FACTS];
	u32 stage;    /* enum pc_stage */
	u32 levels;
	u32 native;   /* the current level is the final program */
	u32 path_from; /* current level's path: arena[path_from, PATH_END - 1) */
	u32 name_from;
	u32 name_bytes;
	u32 path_cut;
	u32 tty_bytes;
	u64 inode;
	u32 device;
	u32 mode;

	/* argument block reader */
	u32 phase;
	u32 begun;    /* the phase's stream was fed to automata */
	u32 left;     /* strings of the phase still to come */
	u32 at;       /* arena: first byte not yet consumed */
	u32 fill;     /* arena: end of what was read */
	u32 head_bytes;
	u32 argc;
	u32 envc;
	u32 envs_wanted; /* what is in the environment may matter */
	u32 args_bytes;
	u32 total;    /* bytes consumed */
	u64 address;  /* where the block goes on */
	u64 limit;
	u64 tables;   /* stage 1: the page tables, by their kernel address */
	u64 region;   /* stage 1: address bits that `table` is for */
	u64 table;    /* stage 1: the last one on the way */

	/* automaton walk */
	u32 feed_flags;
	u32 feed_from;
	u32 feed_to;
	u32 classes;
	u32 rows[PASSES];
	u32 positions[PASSES];
	u32 epochs[PASSES];
	u32 epoch;    /* last one given out */
	u32 pass;
	u32 position;
	u32 row;
	u32 from;
	u32 to;
	u32 run;      /* whole words without a NUL, up to here */
	u32 run_wanted;
	u32 hit_count;
	u32 hit;
	u32 list;

	struct exec untold; /* stands for one of a task that there was no storage for */

	/* integer search */
	s64 number;
	u32 low;
	u32 high;
	u32 points;

	/* dentry walk */
	u64 dentry;
	u64 mount;
	u64 mount_root;
	u64 mount_parent;
	u64 mount_point;
	u64 leaf_name; /* of the file's own dentry */
	u32 internal; /* the file lies on a mount of the kernel's own */

	/* the beginnings of kernel structures, see piece.h */
	u8 bprm_piece[192] __attribute__((aligned(8)));
	u8 file_piece[80] __attribute__((aligned(8)));
	u8 dentry_piece[64] __attribute__((aligned(8)));
	u8 mount_piece[64] __attribute__((aligned(8)));
	u8 filesystem_piece[104] __attribute__((aligned(8)));
	u8 inode_piece[160] __attribute__((aligned(8)));

	/* cgroup walk, and names of its path */
	u64 node;
	u32 start;    /* of the name at hand */
	u32 above;    /* of the one before it */
	u32 above_end;
	u32 above_hex; /* its digits, when it has nothing else */
	u32 digits;   /* hexadecimal digits that end here */
	u32 digits_dot; /* that end at the last '.' */
	u32 digits_dash;
	u32 not_guid;
	u32 container_from;
	u32 container_to;

	/* decision */
	u32 wants;
	u32 signal;
	u16 acting[ACTING]; /* enforcing rules that hold */
	u32 acting_count;
	u32 verdict;
	u32 record_flags; /* enum pc_record_flag, those that the decision sets */
	u32 summary_index;
	u32 word;
	u64 summary_bits;
	u64 word_bits;
	u32 clause;
	u32 clause_end;
	u32 literal;
	u32 value;    /* of the clause so far */
	u64 stack;    /* of a boolean program: bit 0 top; set: true */
	u64 stack_unknown;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct exec);
} execs SEC(".maps");

/* The same for the shadow image. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct exec);
} shadow_execs SEC(".maps");

/* Files of each level of a script exec; a plain program needs none. */
struct levels {
	u64 atoms[PC_LEVELS][PC_ATOM_WORDS];
	u64 known[PC_LEVELS];
	u32 path_bytes; /* of level 0: as much of the path's end as a record carries, and the name */
	u32 name_bytes;
	u8 path[2 * PC_EVENT_PATH_BYTES];
	u8 name[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct levels);
} scripts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct levels);
} shadow_scripts SEC(".maps");

/* What a task and those before it were, by each slot's image. */
struct lineage {
	u64 exec;  /* by which the task came to run what it runs */
	u64 epoch; /* in which that was noted */
	struct lineage_set sets[PC_SLOTS + 1]; /* a power of two */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct lineage);
} lineages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct pc_ancestry_key);
	__type(value, struct pc_ancestry);
} ancestries SEC(".maps");

/* Executables that have run and were not acted on, with the time since boot when that was first seen. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct pc_file);
	__type(value, u64);
} established SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PC_SLOTS * PC_RULES);
	__type(key, u32);
	__type(value, struct pc_guard);
} guards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct trip);
	__type(value, u32);
} trips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct pc_inode);
	__type(value, u32); /* enum pc_protection */
} protected_files SEC(".maps");

/* What an image's tests of cgroup and container say of a cgroup. Filled at the first exec in it, so a cgroup needs no announcement; entries
 * of earlier images are the least recently used ones. */
struct cgroup_key {
	u64 cgroup;
	u64 generation;
};

struct cgroup_bits {
	u64 known;
	u64 atoms[PC_CGROUP_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct cgroup_key);
	__type(value, struct cgroup_bits);
} cgroups SEC(".maps");

/* Bounds a size where the verifier sees it: the compiler may neither move nor drop the mask. `most` is a power of two - 1. */
static __always_inline u32 bound(u32 n, u32 most)
{
	asm volatile("" : "+r"(n));
	n &= most;
	asm volatile("" : "+r"(n));
	return n;
}

static __always_inline void count(u32 counter)
{
	u64 *n = bpf_map_lookup_elem(&counters, &counter);
	if (n)
		__sync_fetch_and_add(n, 1);
}

#endif
