/* SPDX-License-Identifier: GPL-2.0 */
/* Stage 1: before the exec, once for each level. */
#ifndef PORTCULLIS_STAGE1_H
#define PORTCULLIS_STAGE1_H

#include "cgroup.h"
#include "file.h"
#include "gate.h"
#include "protect.h"
#include "readers.h"
#include "record.h"
#include "scratch.h"
#include "task.h"
#include "views.h"

/* An exec by the address space that it makes: numbered, and no number is given twice. What is known of one that failed, or of whose stages one
 * was skipped, is not taken for the next one's. */
static __always_inline u64 mm_id(struct mm_struct *mm)
{
	return BPF_CORE_READ(mm, context.ctx_id);
}

static __always_inline void begin_exec(struct exec *e, u64 mm, u64 generation)
{
	u32 scratch = e->scratch;

	__builtin_memset(e, 0, sizeof(*e));
	e->scratch = scratch;
	e->id = new_exec_id();
	e->mm = mm;
	e->generation = generation;
}

/* Counts the execs of a task, this one included once stage 2 is asked. While one agent takes over from another the programs of both are
 * attached to the same maps: by this the second to be asked knows that there is nothing left to decide, say or count. */
static __always_inline u64 exec_number(struct task_struct *task)
{
	return task->self_exec_id;
}

/* The image that decides, and who asks. */
struct turn {
	struct pc_state *st;
	u64 generation;
	u32 slot;
	enum which which;
};

static __always_inline struct exec *exec_of(struct task_struct *task, enum which which, u64 flags)
{
	return which == SHADOW ? bpf_task_storage_get(&shadow_execs, task, 0, flags) : bpf_task_storage_get(&execs, task, 0, flags);
}

static __always_inline struct levels *levels_of(struct task_struct *task, enum which which, u64 flags)
{
	return which == SHADOW ? bpf_task_storage_get(&shadow_scripts, task, 0, flags) : bpf_task_storage_get(&scripts, task, 0, flags);
}

/* Where to look for free scratch memory first. The shadow has its own, lest it overwrites what stage 1 keeps for stage 2. */
static __always_inline u32 own_scratch(enum which which)
{
	u32 cpu = bpf_get_smp_processor_id();

	return which == SHADOW ? scratch_count - 1 - cpu : cpu;
}

/* Scratch memory as it is before anything of an exec was read. */
static __always_inline void begin_scratch(struct scratch *s, struct exec *e, struct turn *t, u32 stage)
{
	s->exec = e->id;
	s->previous = 0;
	s->generation = t->generation;
	s->guarded = t->which == ACTIVE;
	s->record_flags = 0;
	s->stage = stage;
	s->kept = 0;
	s->missing = 0;
	s->known = 0;
	s->interpreter_known = 0;
	s->args_bytes = 0;
	s->head_bytes = 0;
	s->tty_bytes = 0;
}

/* What a record says of a script: the end of its path, as much as it carries. */
static __always_inline void keep_script_path(struct scratch *s, struct levels *levels)
{
	u32 bytes = PATH_END - 1 - s->path_from, from = s->path_from;

	if (bytes > PC_EVENT_PATH_BYTES) {
		from += bytes - PC_EVENT_PATH_BYTES;
		bytes = PC_EVENT_PATH_BYTES;
	}
	bpf_probe_read_kernel(levels->path, bound(bytes, 0x7ff), &s->arena[from & (ARENA_BYTES - 1)]);
	levels->path_bytes = bytes;
	bpf_probe_read_kernel(levels->name, bound(s->name_bytes, 0xff), &s->arena[s->name_from & (ARENA_BYTES - 1)]);
	levels->name_bytes = s->name_bytes;
}

static long forget_word(u32 i, struct view *v)
{
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		v->levels->atoms[k][i & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

/* Earlier levels were read for another image, or not at all: their files are not known. */
static __noinline void forget_levels(struct machine *m, struct levels *levels)
{
	struct view v = { .m = *m, .levels = levels };

	if (!levels)
		return;
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		levels->known[k] = 0;
	levels->path_bytes = levels->name_bytes = 0;
	bpf_loop(PC_ATOM_WORDS, forget_word, &v, 0);
}

/* One more level whose file is at hand. `levels` NULL: a plain program. */
static __always_inline void add_level(struct machine *m, struct levels *levels, struct file *file, u32 level)
{
	level_facts(m, file);
	if (levels) {
		if (!level)
			keep_script_path(m->s, levels);
		put_level(m, levels, level);
	}
}

/* What the task ran until now. At stage 2 another image may have passed the lineage on already: then it stays what stage 1 saw. */
static __always_inline struct lineage *note_previous(struct exec *e, struct task_struct *task, struct turn *t)
{
	struct lineage *lineage = bpf_task_storage_get(&lineages, task, 0, 0);

	if (lineage && lineage->epoch == t->st->epoch && lineage->exec != e->id)
		e->previous = lineage->exec;
	return lineage;
}

/* Facts of the task's surroundings: its cgroup, and what ran before. */
static __always_inline void surroundings(struct machine *m, struct exec *e, struct task_struct *task, struct turn *t)
{
	const struct pc_header *h = image_header(m->image);
	struct lineage *lineage;

	if (h->cgroup_words && !t->st->cgroups_unknown)
		cgroup_facts(m, task, t->generation);
	if (h->lineage_words) {
		lineage = note_previous(e, task, t);
		m->s->previous = e->previous;
		lineage_facts(m, lineage ? &lineage->sets[bound(t->slot, 3)] : 0, t->generation);
	}
}

/* The file that was asked for, whatever interprets it. */
static __always_inline void keep_first(struct scratch *s, struct exec *e, u32 level)
{
	if (!level) {
		e->first = s->file;
		e->inode = s->inode;
		e->device = s->device;
	}
	s->first = e->first;
}

/* Another image decides by stage 2 than did below, or one where there was none: it finds what it may not make. A shadow does without: what
 * was on its way when it came is not its affair. */
static __noinline void make_storage(struct linux_binprm *bprm, struct task_struct *task, enum which which)
{
	struct elf_head head = {};

	if (which == SHADOW)
		return;
	exec_of(task, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_probe_read_kernel(&head, sizeof(head), &bprm->buf);
	if (!is_elf(&head) || BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		levels_of(task, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

enum can_refuse { CANNOT_REFUSE, CAN_REFUSE };

/* Whether the ids are what they will be. A setuid program gets others, and an interpreter's file counts, not the script's, unless binfmt_misc says
 * otherwise; and where an effective id is not the real one, the kernel may take it away from a program that must not gain anything. */
static __always_inline int ids_stay(struct scratch *s, struct linux_binprm *bprm, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	return !(s->mode & (S_ISUID | S_ISGID)) && cred->uid.val == cred->euid.val && cred->gid.val == cred->egid.val &&
	       !BPF_CORE_READ_BITFIELD_PROBED(bprm, execfd_creds);
}

/* What may still change between the stages, though nobody can write to the arguments. */
#define UNSETTLED                                                                                  \
	(1ull << (PC_SOURCE_FACT + PC_FACT_PPID) | 1ull << (PC_SOURCE_FACT + PC_FACT_EUID) |       \
	 1ull << (PC_SOURCE_FACT + PC_FACT_EGID))

static __always_inline int decide_stage1(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					 struct turn *t, enum can_refuse can)
{
	struct scratch *s = m->s;
	const struct pc_header *h = image_header(m->image);
	struct levels *levels = 0;
	u32 streams = h->streams, level;
	int native;

	read_binprm(s, bprm);
	native = is_native(s, bprm);
	if (BPRM(interp) == BPRM(filename))
		begin_exec(e, mm_id(BPRM(mm)), t->generation);
	else if (e->mm != mm_id(BPRM(mm)) || e->generation != t->generation) {
		make_storage(bprm, task, t->which);
		return 0; /* the image changed below: stage 2 decides with the new one */
	} else if (e->file == (u32)(u64)BPRM(file))
		return 0; /* another agent's program has asked about this level */
	e->file = (u32)(u64)BPRM(file);
	level = e->levels;
	if (level >= PC_LEVELS)
		return 0;
	if (level || !native) {
		levels = levels_of(task, t->which, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return 0;
		}
		/* taken for a program, which has no levels, and then interpreted all the same */
		if (level && !e->put)
			forget_levels(m, levels);
		e->put++;
	}
	begin_scratch(s, e, t, PC_STAGE_REFUSE);
	e->levels = s->levels = level + 1;
	s->native = native;
	clear_atoms(m);
	task_facts(s, task);
	add_level(m, levels, BPRM(file), level);
	keep_first(s, e, level);
	if (can == CANNOT_REFUSE) {
		if (h->lineage_words)
			note_previous(e, task, t);
		return 0;
	}
	surroundings(m, e, task, t);
	if (native && ids_stay(s, bprm, task))
		effective_facts(s, task);
	if (streams & (1 << PC_STREAM_COMM))
		future_comm_fact(m, bprm);
	if (streams & (1 << PC_STREAM_TTY))
		tty_fact(m, task);
	if (native) { /* for an interpreter, its arguments and the script's */
		ask_for_envs(m, levels);
		begin_block(m, BPRM(argc), BPRM(envc));
		s->address = BPRM(p);
		s->limit = BPRM(exec);
		read_pending(m, bprm);
		end_block(m);
		if (s->phase < PHASE_DONE)
			count(PC_COUNT_ABSTAINED);
	}
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	ask_breakers(m);
	count(PC_COUNT_STAGE1);
	if (!(s->wants & WANT_DENY) || spared(t->st, task, e->inode, e->device)) { /* stage 2 says who was spared */
		/* all was read and nothing is going to change */
		if (native && !s->missing && !(h->sources & UNSETTLED))
			s->kept = e->id;
		return 0;
	}
	count(PC_COUNT_REFUSED);
	emit(m, task, levels, PC_STAGE_REFUSE, PC_VERDICT_REFUSE);
	return -EPERM;
}

/* Makes all task storage of an exec, and does not sleep: up to Linux 6.1 whoever sleeps while it makes some keeps everybody on its CPU from
 * theirs, so that a crowd of execs would get past both stages. */
static __always_inline int stage1(struct linux_binprm *bprm, enum can_refuse can, enum which which)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct turn t = { .which = which, .slot = PC_SLOTS };
	struct machine m = {};
	struct exec *e;
	int ret = 0;

	t.st = enter(&m, which, &t.slot, &t.generation);
	if (!t.st) {
		make_storage(bprm, task, which);
		return 0;
	}
	e = exec_of(task, which, BPF_LOCAL_STORAGE_GET_F_CREATE);
	m.s = claim(own_scratch(which), t.slot);
	if (e && m.s && m.image) {
		e->scratch = m.s->ordinal;
		/* for stage 2, which may sleep */
		if (image_header(m.image)->lineage_words)
			bpf_task_storage_get(&lineages, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		ret = decide_stage1(&m, e, bprm, task, &t, can);
	} else {
		count(PC_COUNT_NO_MEMORY);
	}
	if (m.s)
		yield(m.s);
	leave(t.st, t.slot);
	return ret;
}

#endif
