/* SPDX-License-Identifier: GPL-2.0 */
/* Facts of the task that executes. */
#ifndef PORTCULLIS_TASK_H
#define PORTCULLIS_TASK_H

#include "piece.h"
#include "walk.h"

static __always_inline void fact(struct scratch *s, u32 number, s64 value)
{
	s->facts[number] = value;
	s->known |= 1ull << (PC_SOURCE_FACT + number);
}

/* What does not change between the stages. */
static __noinline void task_facts(struct scratch *s, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	fact(s, PC_FACT_UID, cred->uid.val);
	fact(s, PC_FACT_GID, cred->gid.val);
	fact(s, PC_FACT_PID, task->tgid);
	fact(s, PC_FACT_PPID, task->real_parent->tgid);
}

/* Effective ids change at exec when the program is setuid; final at stage 2. */
static __always_inline void effective_facts(struct scratch *s, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	fact(s, PC_FACT_EUID, cred->euid.val);
	fact(s, PC_FACT_EGID, cred->egid.val);
}

/* Length of a string as a helper tells it, its NUL included; 0 for an error. */
static __always_inline u32 string_length(long n)
{
	return n > 0 ? n - 1 : 0;
}

static __noinline void tty_fact(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	struct tty_struct *tty = task->signal->tty;
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

	if (BPRM(fdpath))
		return;
	n = bpf_probe_read_kernel_str(&s->arena[CHUNK], 4096, BPRM(filename));
	if (n <= 0)
		return;
	s->from = s->list = CHUNK;
	s->to = CHUNK + ((n - 1) & 4095);
	bpf_loop(4096, slash_step, m, 0);
	feed_string(m, PC_STREAM_COMM, s->list, s->to - s->list > 15 ? s->list + 15 : s->to);
}

/* How a program begins. */
struct elf_head {
	u32 magic;
	u8 ident[12];
	u16 type;
	u16 machine;
};

enum { ELF_MAGIC = 0x464c457f, EM_386 = 3, EM_486 = 6, EM_X86_64 = 62 };

static __always_inline int is_elf(const struct elf_head *head)
{
	return head->magic == ELF_MAGIC && (head->machine == EM_X86_64 || head->machine == EM_386 || head->machine == EM_486);
}

/* An ELF program of this machine: what is executed is this file. Anything else (#!, binfmt_misc)
 * goes on to an interpreter, which changes both. */
static __always_inline int is_native(struct scratch *s, struct linux_binprm *bprm)
{
	u32 at = bpf_core_field_offset(struct linux_binprm, buf);
	struct elf_head head = {};

	if (at + sizeof(head) <= sizeof(s->bprm_piece))
		head = *(struct elf_head *)(s->bprm_piece + at);
	else
		bpf_probe_read_kernel(&head, sizeof(head), &bprm->buf);
	return is_elf(&head);
}

#endif
