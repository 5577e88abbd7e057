// Somebody else has a hand in the exec: a tracer, or a supervisor of system calls.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

/* Another last argument of the same length. */
static char *disguise(char **argv)
{
	char **last = last_of(argv), *other = strdup(*last);

	memset(other, 'x', strlen(other));
	return other;
}

static void await_tracer(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
}

/* In the parent: lets the child run up to that system call. 0 if it came there. */
static int trace_to(pid_t child, unsigned long number, struct user_regs_struct *registers)
{
	int status;

	waitpid(child, &status, 0);
	do {
		ptrace(PTRACE_SYSCALL, child, 0, 0);
		if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return -1;
		ptrace(PTRACE_GETREGS, child, 0, registers);
	} while (registers->orig_rax != number);
	return 0;
}

static int write_into(pid_t child, unsigned long at, const void *bytes, size_t size)
{
	struct iovec here = { (void *)bytes, size }, there = { (void *)at, size };

	return process_vm_writev(child, &here, 1, &there, 1, 0) != (ssize_t)size;
}

/* The last argument is something else until the tracer writes it, when the system call has begun. */
static void traced(struct attempt *a)
{
	*last_of(a->argv) = disguise(a->argv);
	await_tracer();
	plain(a);
}

static void write_argument(struct attempt *a, pid_t child)
{
	struct user_regs_struct registers;
	size_t index = last_of(a->argv) - a->argv;
	unsigned long pointer;
	struct iovec here = { &pointer, sizeof(pointer) }, there;

	if (trace_to(child, SYS_execve, &registers))
		return;
	there = (struct iovec){ (unsigned long *)registers.rsi + index, sizeof(pointer) };
	if (process_vm_readv(child, &here, 1, &there, 1, 0) == sizeof(pointer))
		write_into(child, pointer, a->argv[index], strlen(a->argv[index]));
	ptrace(PTRACE_DETACH, child, 0, 0);
}

/* The tracer puts another list into the register. The child has it at the same address as its parent. */
static void traced_register(struct attempt *a)
{
	char *other[] = { a->argv[0], disguise(a->argv), NULL };

	await_tracer();
	execve(a->path, other, a->envp);
}

static void change_register(struct attempt *a, pid_t child)
{
	struct user_regs_struct registers;

	if (trace_to(child, SYS_execve, &registers))
		return;
	registers.rsi = (unsigned long)a->argv;
	ptrace(PTRACE_SETREGS, child, 0, &registers);
	ptrace(PTRACE_DETACH, child, 0, 0);
}

/* The tracer makes an exec of a call that was something else. */
static void traced_call(struct attempt *a)
{
	await_tracer();
	syscall(SYS_sched_yield);
	errno = EINVAL;
}

static void change_call(struct attempt *a, pid_t child)
{
	struct user_regs_struct registers;

	if (trace_to(child, SYS_sched_yield, &registers))
		return;
	registers.orig_rax = SYS_execve;
	registers.rdi = (unsigned long)a->path;
	registers.rsi = (unsigned long)a->argv;
	registers.rdx = (unsigned long)a->envp;
	ptrace(PTRACE_SETREGS, child, 0, &registers);
	ptrace(PTRACE_DETACH, child, 0, 0);
}

/* The tracer gets a stop at the exec. */
static void stopped_at_exec(struct attempt *a)
{
	await_tracer();
	plain(a);
}

static int trace_to_exec(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_CONT, child, 0, 0);
	return waitpid(child, &status, 0) == child && WIFSTOPPED(status) ? 0 : -1;
}

static void detach_at_exec(struct attempt *a, pid_t child)
{
	if (trace_to_exec(child) == 0)
		ptrace(PTRACE_DETACH, child, 0, 0);
}

/* The last argument is something else at the exec; the tracer writes it into the new program's memory. */
static void rewrite_after_exec(struct attempt *a, pid_t child)
{
	struct user_regs_struct registers;
	size_t index = last_of(a->argv) - a->argv;
	unsigned long pointer = 0;
	struct iovec here = { &pointer, sizeof(pointer) }, there;

	if (trace_to_exec(child))
		return;
	ptrace(PTRACE_GETREGS, child, 0, &registers);
	there = (struct iovec){ (unsigned long *)registers.rsp + 1 + index, sizeof(pointer) };
	if (process_vm_readv(child, &here, 1, &there, 1, 0) == sizeof(pointer))
		write_into(child, pointer, a->argv[index], strlen(a->argv[index]));
	ptrace(PTRACE_DETACH, child, 0, 0);
}

struct supervisor {
	atomic_int listener;
	char *hidden;
	const char *content;
};

static void *supervise(void *given)
{
	struct supervisor *s = given;
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp response = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	while (s->listener < 0)
		usleep(1000);
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
		strcpy(s->hidden, s->content);
		response.id = call.id;
		ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

/* The system call waits for a supervisor, who writes the argument and lets it go on. */
static void supervised(struct attempt *a)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };
	char **last = last_of(a->argv);
	static struct supervisor s = { .listener = -1 };
	pthread_t thread;

	s.content = *last;
	*last = s.hidden = disguise(a->argv);
	if (pthread_create(&thread, NULL, supervise, &s))
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	s.listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	plain(a);
}

const struct way tracer_ways[] = {
	{ "traced", traced, write_argument },
	{ "traced-register", traced_register, change_register },
	{ "traced-call", traced_call, change_call },
	{ "stopped-at-exec", stopped_at_exec, detach_at_exec },
	{ "rewritten-after-exec", traced, rewrite_after_exec },
	{ "supervised", supervised },
	{ 0 },
};
