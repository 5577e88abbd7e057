/* SPDX-License-Identifier: GPL-2.0 */
/* Facts of the task that executes, and where its caller's arguments lie. */
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

/* x86: where the arguments of the system call that brought us here lie. Returns 0 when the ABI is not known or the kernel itself
 * executes. */
static __noinline int caller_arguments(struct scratch *s, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 number = BPF_CORE_READ(regs, orig_ax);

	if (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT) {
		s->pointer_bytes = 4;
		if (number == 11) {
			s->argv = (u32)BPF_CORE_READ(regs, cx);
			s->envp = (u32)BPF_CORE_READ(regs, dx);
			return 1;
		}
		if (number == 358) {
			s->argv = (u32)BPF_CORE_READ(regs, dx);
			s->envp = (u32)BPF_CORE_READ(regs, si);
			return 1;
		}
		return 0;
	}
	s->pointer_bytes = number & X32_SYSCALL_BIT ? 4 : 8;
	if (number == 59 || number == (X32_SYSCALL_BIT | 520)) {
		s->argv = BPF_CORE_READ(regs, si);
		s->envp = BPF_CORE_READ(regs, dx);
		return 1;
	}
	if (number == 322 || number == (X32_SYSCALL_BIT | 545)) {
		s->argv = BPF_CORE_READ(regs, dx);
		s->envp = BPF_CORE_READ(regs, r10);
		return 1;
	}
	return 0;
}

/* An ELF program of this machine: what is executed is this file and its arguments are the caller's. Anything else (#!, binfmt_misc)
 * goes on to an interpreter, which changes both. */
static __always_inline int is_native(struct linux_binprm *bprm)
{
	u8 head[20] = {};

	bpf_probe_read_kernel(head, sizeof(head), &bprm->buf);
	return head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F' && (head[18] == 62 || head[18] == 3) && !head[19];
}

#endif
