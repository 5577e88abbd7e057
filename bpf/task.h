/* SPDX-License-Identifier: GPL-2.0 */
/* Facts of the task that executes. */
#ifndef PORTCULLIS_TASK_H
#define PORTCULLIS_TASK_H

#include "walk.h"

static __always_inline void fact(struct scratch *s, u32 number, s64 value)
{
	s->facts[number] = value;
	s->known |= 1ull << (PC_SOURCE_FACT + number);
}

/* What does not change between the stages. */
static __noinline void task_facts(struct scratch *s, struct task_struct *task)
{
	fact(s, PC_FACT_UID, BPF_CORE_READ(task, cred, uid.val));
	fact(s, PC_FACT_GID, BPF_CORE_READ(task, cred, gid.val));
	fact(s, PC_FACT_PID, BPF_CORE_READ(task, tgid));
	fact(s, PC_FACT_PPID, BPF_CORE_READ(task, real_parent, tgid));
}

/* Effective ids change at exec when the program is setuid; final at stage 2. */
static __always_inline void effective_facts(struct scratch *s, struct task_struct *task)
{
	fact(s, PC_FACT_EUID, BPF_CORE_READ(task, cred, euid.val));
	fact(s, PC_FACT_EGID, BPF_CORE_READ(task, cred, egid.val));
}

/* Length of a string as a helper tells it, its NUL included; 0 for an error. */
static __always_inline u32 string_length(long n)
{
	return n > 0 ? n - 1 : 0;
}

static __noinline void tty_fact(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	long n = 0;

	if (tty)
		n = bpf_probe_read_kernel_str(&s->arena[SMALL + 64], 64, &tty->name);
	s->tty_bytes = string_length(n) & 63;
	feed_string(m, PC_STREAM_TTY, SMALL + 64, SMALL + 64 + s->tty_bytes);
}

/* Stage 2: the name that the kernel gave the new program. */
static __always_inline void comm_fact(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	long n = bpf_probe_read_kernel_str(&s->arena[SMALL], 16, &task->comm);

	feed_string(m, PC_STREAM_COMM, SMALL, SMALL + (string_length(n) & 15));
}

static long slash_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 at = s->from;

	if (at >= s->to)
		return 1;
	if (s->arena[at & (ARENA_BYTES - 1)] == '/')
		s->list = at + 1;
	s->from = at + 1;
	return 0;
}

/* Stage 1: the name that the kernel is going to give it, the last component of the file name as given, cut to 15 bytes. For an open
 * descriptor without a name newer kernels take the file's, so it is not known here. */
static __always_inline void future_comm_fact(struct machine *m, struct linux_binprm *bprm)
{
	struct scratch *s = m->s;
	long n;

	if (BPF_CORE_READ(bprm, fdpath))
		return;
	n = bpf_probe_read_kernel_str(&s->arena[CHUNK], 4096, BPF_CORE_READ(bprm, filename));
	if (n <= 0)
		return;
	s->from = s->list = CHUNK;
	s->to = CHUNK + ((n - 1) & 4095);
	bpf_loop(4096, slash_step, m, 0);
	feed_string(m, PC_STREAM_COMM, s->list, s->to - s->list > 15 ? s->list + 15 : s->to);
}

/* An ELF program of this machine: what is executed is this file. Anything else (#!, binfmt_misc)
 * goes on to an interpreter, which changes both. */
static __always_inline int is_native(struct linux_binprm *bprm)
{
	u8 head[20] = {};

	bpf_probe_read_kernel(head, sizeof(head), &bprm->buf);
	return head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F' && (head[18] == 62 || head[18] == 3) && !head[19];
}

#endif
