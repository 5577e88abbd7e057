/* SPDX-License-Identifier: GPL-2.0 */
/* What self-protection knows, who is let through, and what becomes of an attempt. */
#ifndef PORTCULLIS_SELF_STATE_H
#define PORTCULLIS_SELF_STATE_H

#include "self_abi.h"
#include "self_kernel.h"

/* Never read: keeps the types that user space looks up in the object's BTF. */
const volatile union {
	enum ps_version version;
	enum ps_limit limit;
	enum ps_hook hook;
	enum ps_outcome outcome;
	struct ps_process process;
	struct ps_file file;
	struct ps_object object;
	enum ps_kind kind;
	struct ps_state state;
	struct ps_tamper tamper;
} border_types = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ps_state);
} self_state SEC(".maps");

/* Maps and programs of the agent, as it made or opened them, and the epoch in which it last did. A new agent prunes those of older epochs
 * when it has opened what it goes on with. Past this many, further ones are not protected, and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ps_object);
	__type(value, u32);
} self_objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} tampers SEC(".maps");

enum { COUNT_LOST = PS_HOOKS, COUNT_UNLEARNED, COUNTS };

/* Attempts by hook, then records that the ring had no room for, then objects that `self_objects` had none for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTS);
	__type(key, u32);
	__type(value, u64);
} tamper_counts SEC(".maps");

static __always_inline void count_self(u32 what)
{
	u64 *counter = bpf_map_lookup_elem(&tamper_counts, &what);

	if (counter)
		*counter += 1;
}

static __always_inline struct ps_state *known_state(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&self_state, &zero);
}

static __always_inline struct ps_state *armed_state(void)
{
	struct ps_state *st = known_state();

	return st && st->armed ? st : 0;
}

static __always_inline int is_process(struct task_struct *task, const struct ps_process *process)
{
	return process->pid && (u32)BPF_CORE_READ(task, tgid) == process->pid &&
	       BPF_CORE_READ(task, group_leader, start_boottime) == process->start;
}

/* The agent, and the one that systemd has started to come after it. */
static __always_inline int is_ours(struct ps_state *st, struct task_struct *task)
{
	return is_process(task, &st->agent) || is_process(task, &st->successor);
}

/* Whom nothing is refused: ourselves, pid 1 (systemd stops, kills and freezes as it is told) and the kernel's own threads. */
static __always_inline int may(struct ps_state *st)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return BPF_CORE_READ(task, tgid) == 1 || is_ours(st, task) ||
	       BPF_CORE_READ((struct task_struct___self *)task, flags) & PF_KTHREAD;
}

static __always_inline void tell(u32 hook, u32 outcome, u32 detail)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct ps_tamper *t = bpf_ringbuf_reserve(&tampers, sizeof(*t), 0);

	if (!t) {
		count_self(COUNT_LOST);
		return;
	}
	__builtin_memset(t, 0, sizeof(*t));
	t->time = bpf_ktime_get_boot_ns();
	t->start = BPF_CORE_READ(task, group_leader, start_boottime);
	t->cgroup = bpf_get_current_cgroup_id();
	t->hook = hook;
	t->outcome = outcome;
	t->detail = detail;
	t->pid = BPF_CORE_READ(task, tgid);
	t->ppid = BPF_CORE_READ(task, real_parent, tgid);
	t->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(t->comm, sizeof(t->comm));
	BPF_CORE_READ_STR_INTO(&t->parent_comm, task, real_parent, comm);
	bpf_ringbuf_submit(t, 0);
}

/* An attempt by somebody who may not: refused with `error`, unless an operator has unlocked; told and counted in any case. */
static __noinline int attempt(struct ps_state *st, u32 hook, u32 detail, int error)
{
	int unlocked;

	if (!st || hook >= PS_HOOKS)
		return 0;
	unlocked = bpf_ktime_get_boot_ns() < st->unlocked_until;
	count_self(hook);
	tell(hook, unlocked ? PS_OUTCOME_UNLOCKED : PS_OUTCOME_REFUSED, detail);
	return unlocked ? 0 : error;
}

#endif
