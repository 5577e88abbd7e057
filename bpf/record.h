/* SPDX-License-Identifier: GPL-2.0 */
/* Records: what a decision saw and did, into the ring of verdicts when something was done and into the ring of reports otherwise. */
#ifndef PORTCULLIS_RECORD_H
#define PORTCULLIS_RECORD_H

#include "walk.h"

static __always_inline u64 next_number(u32 key)
{
	u64 *n = bpf_map_lookup_elem(&sequence, &key);

	/* a sleepable program may migrate in between; the add keeps numbers unique all the same */
	return n ? __sync_fetch_and_add(n, 1) : 0;
}

/* Never 0, and bit 63 is left for numbers that user space gives to programs that ran before. */
static __always_inline u64 new_exec_id(void)
{
	return (u64)(bpf_get_smp_processor_id() & 0x7fff) << 48 | ((next_number(1) + 1) & 0xffffffffffffull);
}

/* Waking the reader costs more than what it reads. It looks by itself a moment after each batch, and four times a second when there was none
 * (native/ring.cc); so it is woken for what somebody waits for, and for the rest once in a while. */
enum {
	WAKE_PAUSE_NS = 4000000,  /* less than the reader's moment: what is told in the pause is not left lying */
	UNREAD_BYTES = 1 << 20,   /* of quiet records, at which it is woken: a quarter of the ring */
};

/* Soon enough: on each processor at most once a pause. */
static __always_inline u64 wake_once_in_a_while(u64 now)
{
	u32 key = 2;
	u64 *last = bpf_map_lookup_elem(&sequence, &key);

	if (last && now - *last < WAKE_PAUSE_NS)
		return BPF_RB_NO_WAKEUP;
	if (last)
		*last = now;
	return BPF_RB_FORCE_WAKEUP;
}

/* Nobody waits for an exec that nothing matches: it is told for what comes after it, which lies behind it in the same ring. The others have to be
 * told then even if the reader is not at their place, without which the kernel says nothing. */
static __always_inline u64 wake_for(struct machine *m, u32 verdict, u64 now)
{
	if (verdict != PC_VERDICT_NONE)
		return image_header(m->image)->events & PC_EVENT_EXEC ? BPF_RB_FORCE_WAKEUP : 0;
	return bpf_ringbuf_query(&reports, BPF_RB_AVAIL_DATA) > UNREAD_BYTES ? wake_once_in_a_while(now) : BPF_RB_NO_WAKEUP;
}

/* Appends `bytes` bytes, at most `most`, a power of two - 1. */
#define APPEND(pointer, bytes, most)                                                               \
	do {                                                                                       \
		bpf_dynptr_write(&out, offset, pointer, bound(bytes, most), 0);                    \
		offset += bytes;                                                                   \
	} while (0)

/* `levels` NULL: not a script. */
static __noinline void emit(struct machine *m, struct task_struct *task, struct levels *levels, u32 stage, u32 verdict)
{
	struct scratch *s = m->s;
	struct pc_record r = {};
	struct bpf_dynptr out;
	u32 path_bytes = PATH_END - 1 - s->path_from, cut = 0, offset = sizeof(r);
	u32 rule_bytes = (image_header(m->image)->rule_words & (PC_RULE_WORDS * 2 - 1)) * 8, head = s->head_bytes;
	u32 path_at = s->path_from;

	if (rule_bytes > PC_RULE_WORDS * 8)
		rule_bytes = PC_RULE_WORDS * 8;
	if (path_bytes > PC_EVENT_PATH_BYTES) {
		path_at += path_bytes - PC_EVENT_PATH_BYTES;
		path_bytes = PC_EVENT_PATH_BYTES;
		cut = 1;
	}
	if (s->args_bytes && head > s->args_bytes)
		head = s->args_bytes;
	r.version = PC_ABI_VERSION;
	r.event = PC_EVENT_EXEC;
	r.stage = stage;
	r.verdict = verdict;
	r.exec = s->exec;
	r.previous = s->previous;
	r.time = bpf_ktime_get_boot_ns();
	r.start = BPF_CORE_READ(task, group_leader, start_boottime);
	r.generation = s->generation;
	r.known = s->known;
	r.cgroup = bpf_get_current_cgroup_id();
	r.inode = s->inode;
	r.device = s->device;
	r.mode = s->mode;
	r.pid = BPF_CORE_READ(task, tgid);
	r.tid = BPF_CORE_READ(task, pid);
	r.ppid = BPF_CORE_READ(task, real_parent, tgid);
	r.uid = BPF_CORE_READ(task, cred, uid.val);
	r.gid = BPF_CORE_READ(task, cred, gid.val);
	r.euid = BPF_CORE_READ(task, cred, euid.val);
	r.egid = BPF_CORE_READ(task, cred, egid.val);
	r.signal = verdict == PC_VERDICT_KILL ? s->signal : 0;
	r.args_count = s->args_bytes ? s->argc : 0;
	r.args_bytes = s->args_bytes;
	r.rule_bytes = rule_bytes;
	r.path_bytes = levels ? levels->path_bytes & 0x7ff : path_bytes;
	r.name_bytes = levels ? levels->name_bytes & 0xff : s->name_bytes & 0xff;
	r.interpreter_path_bytes = levels ? path_bytes : 0;
	r.interpreter_name_bytes = levels ? s->name_bytes & 0xff : 0;
	r.head_bytes = head & 0x1fff;
	r.tty_bytes = s->tty_bytes & 63;
	r.levels = s->levels;
	r.flags = (!s->args_bytes || s->args_bytes > head ? PC_RECORD_ARGS_CUT : 0) | (cut || s->path_cut ? PC_RECORD_PATH_CUT : 0) |
		  s->record_flags;
	bpf_probe_read_kernel_str(r.comm, sizeof(r.comm), &task->comm);
	BPF_CORE_READ_STR_INTO(&r.parent_comm, task, real_parent, comm);
	r.size = sizeof(r) + 2 * r.rule_bytes + r.path_bytes + r.name_bytes + r.interpreter_path_bytes + r.interpreter_name_bytes +
		 r.head_bytes + r.tty_bytes;
	r.cpu = bpf_get_smp_processor_id();
	r.sequence = next_number(0);

	if (verdict == PC_VERDICT_REPORT || verdict == PC_VERDICT_UNKNOWN || verdict == PC_VERDICT_NONE ||
	    verdict == PC_VERDICT_WOULD) {
		if (bpf_ringbuf_reserve_dynptr(&reports, r.size, 0, &out)) {
			count(PC_COUNT_LOST_REPORT);
			bpf_ringbuf_discard_dynptr(&out, 0);
			return;
		}
	} else if (bpf_ringbuf_reserve_dynptr(&verdicts, r.size, 0, &out)) {
		count(PC_COUNT_LOST_VERDICT);
		bpf_ringbuf_discard_dynptr(&out, 0);
		return;
	}
	bpf_dynptr_write(&out, 0, &r, sizeof(r), 0);
	APPEND(s->holds, r.rule_bytes, 0xfff);
	APPEND(s->unknown, r.rule_bytes, 0xfff);
	if (levels) {
		APPEND(levels->path, r.path_bytes, 0x7ff);
		APPEND(levels->name, r.name_bytes, 0xff);
		APPEND(&s->arena[path_at & (ARENA_BYTES - 1)], r.interpreter_path_bytes, 0x7ff);
		APPEND(&s->arena[s->name_from & (ARENA_BYTES - 1)], r.interpreter_name_bytes, 0xff);
	} else {
		APPEND(&s->arena[path_at & (ARENA_BYTES - 1)], r.path_bytes, 0x7ff);
		APPEND(&s->arena[s->name_from & (ARENA_BYTES - 1)], r.name_bytes, 0xff);
	}
	APPEND(&s->arena[HEAD], r.head_bytes, 0x1fff);
	APPEND(&s->arena[SMALL + 64], r.tty_bytes, 63);
	bpf_ringbuf_submit_dynptr(&out, wake_for(m, verdict, r.time));
}

/* The end of a process. What it was is known to user space from its exec. */
static __always_inline void emit_exit(struct task_struct *task, u64 generation)
{
	struct pc_record r = {
		.size = sizeof(r),
		.version = PC_ABI_VERSION,
		.event = PC_EVENT_EXIT,
		.time = bpf_ktime_get_boot_ns(),
		.generation = generation,
		.exec = new_exec_id(),
	};

	r.start = BPF_CORE_READ(task, group_leader, start_boottime);
	r.cgroup = bpf_get_current_cgroup_id();
	r.pid = BPF_CORE_READ(task, tgid);
	r.tid = BPF_CORE_READ(task, pid);
	r.ppid = BPF_CORE_READ(task, real_parent, tgid);
	r.uid = BPF_CORE_READ(task, cred, uid.val);
	r.gid = BPF_CORE_READ(task, cred, gid.val);
	r.euid = BPF_CORE_READ(task, cred, euid.val);
	r.egid = BPF_CORE_READ(task, cred, egid.val);
	r.exit_code = BPF_CORE_READ(task, exit_code);
	bpf_probe_read_kernel_str(r.comm, sizeof(r.comm), &task->comm);
	BPF_CORE_READ_STR_INTO(&r.parent_comm, task, real_parent, comm);
	r.cpu = bpf_get_smp_processor_id();
	r.sequence = next_number(0);
	if (bpf_ringbuf_output(&reports, &r, sizeof(r), wake_once_in_a_while(r.time)))
		count(PC_COUNT_LOST_REPORT);
}

#endif
