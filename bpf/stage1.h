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
#include "task.h"
#include "views.h"

static __always_inline void begin_exec(struct exec *e, struct linux_binprm *bprm, u64 generation)
{
	e->id = new_exec_id();
	e->bprm = (u64)bprm;
	e->seen = 0;
	e->generation = generation;
	e->levels = 0;
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

/* Facts of the task's surroundings: its cgroup, and what ran before. */
static __always_inline void surroundings(struct machine *m, struct task_struct *task, struct turn *t)
{
	const struct pc_header *h = image_header(m->image);
	struct lineage *lineage;

	if (h->cgroup_words && !t->st->cgroups_unknown)
		cgroup_facts(m, task, t->generation);
	if (h->lineage_words) {
		lineage = bpf_task_storage_get(&lineages, task, 0, 0);
		if (lineage && lineage->epoch == t->st->epoch)
			m->s->previous = lineage->exec;
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
		begin_exec(e, bprm, t->generation);
	else if (e->bprm != (u64)bprm || e->generation != t->generation) {
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
	}
	begin_scratch(s, e, t, PC_STAGE_REFUSE);
	e->levels = s->levels = level + 1;
	s->native = native;
	clear_atoms(m);
	task_facts(s, task);
	add_level(m, levels, BPRM(file), level);
	keep_first(s, e, level);
	if (can == CANNOT_REFUSE)
		return 0;
	surroundings(m, task, t);
	/* a setuid program gets its ids later, and an interpreter's file counts, not the script's */
	if (native && !(s->mode & (S_ISUID | S_ISGID)))
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
		/* all was read and nothing is going to change, but perhaps the parent */
		if (native && !s->missing && !(h->sources & (1ull << (PC_SOURCE_FACT + PC_FACT_PPID))))
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
	m.s = claim(bpf_get_smp_processor_id(), t.slot);
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
