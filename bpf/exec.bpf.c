// SPDX-License-Identifier: GPL-2.0
/* Decides every exec.
 *
 *   tier        stage 1, once for each level              stage 2, once
 *   lsm         refuse  lsm.s/bprm_check_security          kill        lsm.s/bprm_committed_creds
 *   fmod_ret    modify  fmod_ret/security_bprm_check       kill_fentry fentry/security_bprm_committed_creds
 *   kprobe      watch   kprobe/security_bprm_check         kill_kprobe kprobe/security_bprm_committed_creds
 *   tracepoint  -                                          kill_at_exec tp_btf/sched_process_exec
 *   all: report_exit, tp_btf/sched_process_exit, attached only when an image wants it
 *   all but the last: check_seen, tp_btf/sched_process_exec: an exec that stage 2 did not see is a verdict of its own
 *
 * Stage 1 reads argv from the caller's memory and answers EPERM (`watch` cannot, it only keeps the facts of each level). Stage 2 reads
 * the definitive argument block and sends a signal that arrives before the first instruction. Stage 1 acts only on what is true; what
 * is unknown to it waits for stage 2. Only `kill` may sleep, so only it can read a page that is not resident. */
#include "at_exec.h"

char LICENSE[] SEC("license") = "GPL";

SEC("lsm.s/bprm_check_security")
int BPF_PROG(refuse, struct linux_binprm *bprm, int ret)
{
	return ret ?: stage1(bprm, CAN_REFUSE);
}

SEC("fmod_ret/security_bprm_check")
int BPF_PROG(modify, struct linux_binprm *bprm, int ret)
{
	return ret ?: stage1(bprm, CAN_REFUSE);
}

SEC("kprobe/security_bprm_check")
int watch(struct pt_regs *ctx)
{
	return stage1((struct linux_binprm *)ctx->di, CANNOT_REFUSE);
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(kill, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_SLEEP);
}

SEC("fentry/security_bprm_committed_creds")
int BPF_PROG(kill_fentry, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_NOT_SLEEP);
}

SEC("kprobe/security_bprm_committed_creds")
int kill_kprobe(struct pt_regs *ctx)
{
	return stage2((struct linux_binprm *)ctx->di, MAY_NOT_SLEEP);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(check_seen, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec *e = bpf_task_storage_get(&execs, task, 0, 0);
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS, claimed = 0;

	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		bpf_task_storage_delete(&scripts, task);
	if (e && e->seen == (u64)bprm) {
		e->bprm = e->seen = 0; /* the next exec may get the same address */
		return 0;
	}
	st = enter(&m, &slot, &generation);
	if (!st) {
		if (slot == SLOT_CONTENDED)
			count(PC_COUNT_UNSEEN);
		return 0;
	}
	m.s = claim(bpf_get_smp_processor_id(), &claimed);
	if (m.image)
		unseen(&m, e, task, bprm, st, generation);
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(kill_at_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec e = {};
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS, claimed = 0;

	st = enter(&m, &slot, &generation);
	if (!st) {
		if (slot == SLOT_CONTENDED)
			count(PC_COUNT_UNSEEN);
		return 0;
	}
	m.s = claim(bpf_get_smp_processor_id(), &claimed);
	if (m.s && m.image)
		decide_at_exec(&m, &e, bprm, task, st, generation);
	else
		count(PC_COUNT_NO_MEMORY);
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(report_exit, struct task_struct *task)
{
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0; /* other threads go on */
	st = enter(&m, &slot, &generation);
	if (!st)
		return 0;
	if (m.image && (image_header(m.image)->events & PC_EVENT_EXIT))
		emit_exit(task, generation);
	leave(st, slot);
	return 0;
}
