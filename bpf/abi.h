/* SPDX-License-Identifier: GPL-2.0 */
/* The border between kernel and user space, and its only declaration: the policy image that the kernel walks, the state word
 * that says which image is active, and the records it sends back. TypeScript reads the layouts from the object's own BTF at load
 * (src/kernel/layout.ts) and refuses an object whose version or sizes differ from what the compiler writes.
 *
 * The image is one contiguous run of bytes, little endian. Offsets are bytes from its start; every table is 8-byte aligned.
 *
 *   pc_header | automata | rows and class maps | integer tables | outputs | clauses | literals | triggers | programs | rules
 *
 * Automata. A deterministic automaton reads one stream of bytes. A row is `transitions[classes + 1]`, each a u32: the offset of
 * the next row with PC_ROW_EMITS in bit 0 when the next state emits. The u32 before a row is the offset of its output list (0:
 * none). The last transition of a row is the one for END, the end of the stream. A class map has 256 bytes, byte -> class.
 *
 * Streams. A string stream is the bytes of the value, then END. A block stream (arguments, environment) is its strings with one NUL
 * between two of them, then END: no NUL follows the last. What a NUL means (a space of `args`, the border of two elements) is the
 * automaton's business. A value that does not exist at all (no arguments) applies the automaton's `absent` list and is not walked.
 * When the rest of a stream cannot be read, END is never fed and the stream's source is not known.
 *
 * Outputs set atoms. An atom is one test of one field; bit n of the atom set. Atoms of file facts come first so that a view of a
 * script exec is assembled by words: [0, file_words) file role, [file_words, file_words + interpreter_words) interpreter role, then
 * cgroup_words of the cgroup's, whose values are kept for each cgroup, then the lineage's, then all others. An atom that is not set is
 * false if its source is known and unknown if not.
 *
 * Lineage. A lineage bit is one condition on one program, decided when that program was executed: entry n of `lineage` is a boolean
 * program over its atoms, and its `rule` the number of the bit. From lineage_word on lie four regions of lineage_words each: bits of the
 * parent that are true, that are unknown, and the same of all ancestors together. Only atoms of the regions of true bits are tested; such
 * an atom is unknown when it is not set and the one lineage_words further is. The parent is what the task ran until this exec, and
 * the ancestors are all programs that came before in the line of forks and execs that led here, the parent included.
 *
 * Clauses. A rule holds if one of its clauses holds or its program does. A clause is a conjunction of literals. Clauses [0, always)
 * have no positive literal and are always tried; the others are sorted by their trigger, one of their positive atoms, and are tried
 * only when it is set. */
#ifndef PORTCULLIS_ABI_H
#define PORTCULLIS_ABI_H

#include <linux/types.h>

enum pc_version { PC_ABI_VERSION = 4 };
enum pc_magic { PC_IMAGE_MAGIC = 0x4d494350 }; /* "PCIM" */

/* Limits of the border. src/compiler/limits.ts says what happens past each. */
enum pc_limit {
	PC_STREAMS = 10,
	PC_FACTS = 24,            /* integer facts, see enum pc_fact */
	PC_ATOMS = 16384,
	PC_ATOM_WORDS = 256,      /* PC_ATOMS / 64 */
	PC_SUMMARY_WORDS = 4,     /* PC_ATOM_WORDS / 64 */
	PC_RULES = 16384,
	PC_RULE_WORDS = 256,
	PC_SEGMENT_PATTERNS = 1024,
	PC_LINEAGE_WORDS = 4,     /* of 64 lineage bits */
	PC_CGROUP_WORDS = 4,      /* of atoms that are kept for each cgroup */
	PC_CLASS_MAP_BYTES = 256, /* of a class map, and what its offset is a multiple of */
	PC_GUARD_LITERALS = 4,
	PC_GUARDS = 8,            /* conditions under which the environment matters */
	PC_LEVELS = 6,            /* a program and five interpreters, as the kernel allows */
	PC_PROGRAM_DEPTH = 64,    /* stack of a boolean program, in values */
	PC_HEAD_BYTES = 4096,     /* what of the argument block a record carries at most */
	PC_PATH_BYTES = 4096,     /* longest path that is read, NUL not counted */
	PC_EVENT_PATH_BYTES = 1024, /* longest path that a record carries */
};

enum pc_stream {
	PC_STREAM_PATH = 0, /* string, of each level's file */
	PC_STREAM_NAME = 1, /* string, of each level's file */
	PC_STREAM_COMM = 2, /* string */
	PC_STREAM_ARGV0 = 3, /* string */
	PC_STREAM_ARGS = 4, /* block: arguments after argv[0] */
	PC_STREAM_ENVS = 5, /* block: NAME=value */
	PC_STREAM_TTY = 6,  /* string */
	PC_STREAM_CGROUP = 7, /* string: path in the default hierarchy, "/" for the root */
	PC_STREAM_CONTAINER = 8, /* string: id of the innermost container, empty for none */
};

/* Integer facts. Those from PC_FACT_FILE on belong to each level's file. */
enum pc_fact {
	PC_FACT_UID = 0,
	PC_FACT_GID = 1,
	PC_FACT_EUID = 2,
	PC_FACT_EGID = 3,
	PC_FACT_PID = 4,
	PC_FACT_PPID = 5,
	PC_FACT_ARGS_TRUNCATED = 6, /* the argument block, argv[0] included, is longer than a record carries */
	PC_FACT_FILE = 16,
	PC_FACT_FILE_UID = 16,
	PC_FACT_FILE_GID = 17,
	PC_FACT_FILE_MODE = 18,
	PC_FACT_FILE_INODE = 19,
};

/* Sources: which fact an atom is read from. Bit n of a `known` mask is set when source n was read to its end. */
enum pc_source {
	PC_SOURCE_STREAM = 0,               /* + enum pc_stream; path and name in file role */
	PC_SOURCE_INTERPRETER_PATH = 10,
	PC_SOURCE_INTERPRETER_NAME = 11,
	PC_SOURCE_PARENT = 12,              /* known when no lineage bit of the parent is unknown */
	PC_SOURCE_ANCESTORS = 13,
	PC_SOURCE_FACT = 16,                /* + enum pc_fact; file facts in file role */
	PC_SOURCE_INTERPRETER_FACT = 48,    /* + enum pc_fact - PC_FACT_FILE */
};

enum pc_row { PC_ROW_EMITS = 1 };

struct pc_table { /* count entries at offset */
	__u32 offset;
	__u32 count;
};

struct pc_header {
	__u32 magic;
	__u32 version;
	__u32 size; /* bytes of the whole image */
	__u32 streams; /* bit n: stream n has an automaton */
	__u64 sources; /* sources that some atom is read from */
	__u32 file_words;
	__u32 interpreter_words;
	__u32 atom_words; /* all of them, the two above included */
	__u32 rule_words;
	__u32 segment_patterns;
	__u32 always; /* clauses tried at every exec */
	struct pc_table automata[PC_STREAMS]; /* struct pc_automaton */
	struct pc_table integers; /* struct pc_integer */
	struct pc_table clauses; /* struct pc_clause */
	struct pc_table triggers; /* struct pc_table by atom: clauses whose trigger it is, `offset` is an index here */
	struct pc_table atom_sources; /* __u8 by atom */
	struct pc_table programs; /* struct pc_program */
	struct pc_table rules; /* struct pc_rule */
	__u32 absent_interpreter; /* output list applied to the interpreter role of a view without interpreter, 0: none */
	__u32 events; /* enum pc_event bits: what user space wants to see although no rule in the kernel asks for it */
	__u32 cgroup_word; /* where the atoms of the cgroup lie, in words */
	__u32 cgroup_words;
	__u32 lineage_word; /* where the four regions of the lineage lie */
	__u32 lineage_words; /* of each region */
	struct pc_table lineage; /* struct pc_program, `rule` is the number of a lineage bit */
	struct pc_table environment_guards; /* struct pc_guard_list: what a plain program's file must be for its environment to matter; none: any */
};

struct pc_guard_list { /* all literals hold, or may */
	__u32 literals; /* __u16 each, as those of a clause, about the file */
	__u32 count;    /* at most PC_GUARD_LITERALS */
};

struct pc_automaton {
	__u32 classes; /* class map, PC_CLASS_MAP_BYTES */
	__u32 start;   /* row of the state before the first byte */
	__u32 end;     /* byte offset of END's transition in a row */
	__u32 absent;  /* output list, 0: none */
	__u32 run;     /* tells nothing of a value without so many whole words of eight bytes in a row that have no NUL */
};

enum pc_output_kind {
	PC_OUTPUT_ATOM = 0,         /* set `atom` */
	PC_OUTPUT_SEGMENT = 1,      /* segment `segment` of `pattern`, `length` bytes long, ends here */
	PC_OUTPUT_SEGMENT_LAST = 2, /* the same, and when it was the next one `atom` is set */
	PC_OUTPUT_RESET = 3,        /* a new element begins: all segment progress starts anew */
	PC_OUTPUT_END = 128,        /* flag: last of its list */
};

struct pc_output {
	__u16 atom;
	__u8 kind; /* enum pc_output_kind, perhaps with PC_OUTPUT_END */
	__u8 segment;
	__u16 pattern; /* < header.segment_patterns */
	__u16 length;
};

/* Tests of (fact & mask), signed 64 bit. The points split the number line into 2 * count + 1 regions: below points[0], equal to it,
 * between it and points[1], ... Each region has an output list. */
struct pc_integer {
	__u32 fact;
	__u32 count;
	__u64 mask;
	__u32 points; /* __s64[count], ascending */
	__u32 regions; /* __u32[2 * count + 1], output lists, 0: none */
};

enum pc_literal { PC_LITERAL_NOT = 0x8000 }; /* __u16: atom, perhaps with PC_LITERAL_NOT */

struct pc_clause {
	__u32 literals; /* __u16[count] */
	__u16 count;
	__u16 rule;
};

/* A boolean program in postfix over three-valued logic. Each step a __u16: an atom to push, or one of these. */
enum pc_step {
	PC_STEP_AND = 0x8000,
	PC_STEP_OR = 0x8001,
	PC_STEP_NOT = 0x8002,
	PC_STEP_TRUE = 0x8003,
	PC_STEP_FALSE = 0x8004,
};

struct pc_program {
	__u32 steps; /* __u16[count] */
	__u16 count;
	__u16 rule;
};

enum pc_rule_flag {
	PC_RULE_DENY = 1,            /* refuse before exec, kill at exec */
	PC_RULE_KILL = 2,            /* kill at exec with `signal` */
	PC_RULE_ENFORCE = 4,         /* without it deny and kill are only reported */
	PC_RULE_CANDIDATE = 8,       /* what holds here is only necessary: user space decides, the kernel never acts */
	PC_RULE_UNKNOWN_ENFORCE = 16, /* an unknown value at exec is acted on like true */
};

struct pc_rule {
	__u8 flags;
	__u8 signal;
	__u16 reserved;
};

/* The state word: slot of the image that decides, PC_SLOT_NONE for none; the same for the shadow; how often it changed. One 64-bit store
 * flips all three. */
enum pc_word {
	PC_WORD_ACTIVE_SHIFT = 0,
	PC_WORD_SHADOW_SHIFT = 8,
	PC_WORD_CHANGES_SHIFT = 16,
	PC_SLOT_NONE = 0xff,
	PC_SLOTS = 3,
};

struct pc_state {
	__u64 word;
	__u32 agent;       /* pid (initial namespace) that is never acted on, 0: none */
	__u32 on_unseen;   /* 1: an exec that was not seen is killed when some rule enforces */
	__u64 inside[4];    /* decisions running in each of PC_SLOTS slots; a power of two, so that a mask bounds the index */
	__u64 generations[4]; /* of the image in each slot */
	__u64 since[4];    /* ns since boot when it was put there */
	__u64 epoch;       /* counts up each time forks begin to be followed: what a task kept of an earlier epoch is void */
	__u64 canary;      /* id of the cgroup in and below which rules act, 0: everywhere */
	__u32 canary_level; /* its depth, the root's is 0 */
	__u32 cgroups_unknown; /* 1: container engines do not use the default hierarchy here */
	__u32 breaker_limit; /* established executables that a rule may act on, 0: any number */
	__u32 reserved;
};

/* What the circuit breaker knows of a rule; entry slot * PC_RULES + rule. */
struct pc_guard {
	__u64 since;    /* ns since boot when the rule began to enforce: what ran before is established */
	__u32 distinct; /* established executables that it acted on, each with the established program that started it */
	__u32 tripped;  /* 1: it acts on established executables no more */
};

/* Identifies an executable whatever container or path it is seen in; the time of change is not for its owner to set. */
struct pc_file {
	__u64 ctime;    /* ns since 1970 */
	__u64 size;
	__u8 name[16];  /* its beginning, zeros behind */
};

/* Files that are never acted on, by identity in the file system. */
struct pc_inode {
	__u64 inode;
	__u32 device;   /* as the kernel counts: major << 20 | minor */
	__u32 reserved;
};

enum pc_protection {
	PC_PROTECT_PROGRAM = 1, /* never acted on */
	PC_PROTECT_LOGIN = 2,   /* may start what has PC_PROTECT_SHELL */
	PC_PROTECT_SHELL = 4,   /* not acted on when a login starts it */
};

/* Lineage of a task that lived before the image: written by user space, applied by `restore`. */
struct pc_ancestry_key {
	__u64 exec;     /* the exec by which the task came to run what it runs, 0: one before forks were followed */
	__u32 pid;      /* then its process; else 0 */
	__u32 reserved;
};

struct pc_ancestry {
	__u64 start;    /* of the process, where the key names one */
	__u64 exec;     /* what its program is called from now on, where the key names a process */
	__u64 self[PC_LINEAGE_WORDS];
	__u64 self_unknown[PC_LINEAGE_WORDS];
	__u64 ancestors[PC_LINEAGE_WORDS];
	__u64 ancestors_unknown[PC_LINEAGE_WORDS];
};

/* A task whose lineage `restore` did not find: what reading the iterator gives, one after another. */
struct pc_orphan {
	__u64 exec;
	__u64 start;
	__u32 pid;      /* process, as is ppid */
	__u32 ppid;
};

/* What a record is about; also bits of header.events. */
enum pc_event {
	PC_EVENT_EXEC = 1, /* an exec that was decided, or not seen */
	PC_EVENT_EXIT = 2, /* the last thread of a process has ended */
};

enum pc_stage { PC_STAGE_REFUSE = 1, PC_STAGE_KILL = 2, PC_STAGE_UNSEEN = 3 };

enum pc_verdict {
	PC_VERDICT_NONE = 0,    /* only in records that user space wanted */
	PC_VERDICT_REPORT = 1,  /* a rule holds and nothing was done */
	PC_VERDICT_REFUSE = 2,  /* EPERM to the caller */
	PC_VERDICT_KILL = 3,
	PC_VERDICT_UNKNOWN = 4, /* no rule holds, some are unknown, nothing was done */
	PC_VERDICT_UNSEEN = 5,  /* the kernel never asked */
	PC_VERDICT_PROTECTED = 6, /* would have been acted on, spared as pid 1, the agent or one of the protected files */
	PC_VERDICT_WOULD = 7,   /* the shadow image would have acted */
};

enum pc_counter {
	PC_COUNT_EXEC = 0,          /* execs decided at stage 2 */
	PC_COUNT_REFUSED = 1,
	PC_COUNT_KILLED = 2,
	PC_COUNT_REPORTED = 3,
	PC_COUNT_UNKNOWN = 4,
	PC_COUNT_UNSEEN = 5,
	PC_COUNT_PROTECTED = 6,
	PC_COUNT_STAGE1 = 7,        /* decisions of stage 1, one per level */
	PC_COUNT_ABSTAINED = 8,     /* arguments stage 1 could not read */
	PC_COUNT_UNREAD = 9,        /* arguments or environment stage 2 could not read */
	PC_COUNT_NO_MEMORY = 10,    /* no task storage, or no scratch memory free */
	PC_COUNT_LOST_VERDICT = 11, /* ring of verdicts full */
	PC_COUNT_LOST_REPORT = 12,  /* ring of reports full */
	PC_COUNT_LONG_PATH = 13,    /* paths too long to read */
	PC_COUNT_WOULD = 14,        /* the shadow image would have acted */
	PC_COUNT_BREAKER = 15,      /* not acted on because the rule has tripped */
	PC_COUNT_CANARY = 16,       /* not acted on because it is outside the canary cgroup */
	PC_COUNT_UNINHERITED = 17,  /* forks whose lineage could not be kept */
	PC_COUNTERS = 32,
};

/* One record of a ring. Sections follow in this order, each as long as its length says, without padding:
 * rules that hold, rules that are unknown (both bit sets, rule_bytes each), path and name and interpreter path and name, argument
 * block (argv[0] first, a NUL after every complete argument), environment names are not carried, tty. */
struct pc_record {
	__u32 size; /* bytes, sections included */
	__u16 version;
	__u8 stage;
	__u8 verdict;
	__u64 sequence; /* per CPU, counts up by one, lost records leave a gap */
	__u64 exec;     /* one number for all records of an exec; unique in a boot */
	__u64 previous; /* exec by which the task came to run what it ran until this one, 0: not known */
	__u64 time;     /* ns since boot, suspended time included */
	__u64 start;    /* ns since boot when the process (not this program) started */
	__u64 generation;
	__u64 known;    /* sources that were read to their end, of the view that was decided last */
	__u64 cgroup;   /* id in the default hierarchy */
	__u64 inode;
	__u32 cpu;
	__u32 device;
	__u32 pid;      /* initial pid namespace, as are tid and ppid */
	__u32 tid;
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 mode;
	__u32 signal;   /* sent, 0: none */
	__u32 args_count; /* arguments, argv[0] included; 0 where not known */
	__u32 args_bytes; /* bytes of the whole argument block, NULs included; 0 where not known */
	__u16 rule_bytes;
	__u16 path_bytes;
	__u16 name_bytes;
	__u16 interpreter_path_bytes;
	__u16 interpreter_name_bytes;
	__u16 head_bytes;
	__u16 tty_bytes;
	__u8 levels;
	__u8 flags;
	__u32 exit_code; /* of an exit: as wait(2) gives it, signal in the low byte */
	__u32 event;     /* enum pc_event */
	char comm[16];
	char parent_comm[16];
};

enum pc_record_flag {
	PC_RECORD_ARGS_CUT = 1,        /* the argument block is longer than what the record carries */
	PC_RECORD_PATH_CUT = 2,        /* the path's beginning is missing */
	PC_RECORD_SHADOW = 4,          /* decided by the shadow image */
	PC_RECORD_ESTABLISHED = 8,     /* the executable ran on this host before the rule did */
	PC_RECORD_BREAKER = 16,        /* a rule that has tripped did not act */
	PC_RECORD_CANARY = 32,         /* outside the canary cgroup */
};

#endif
