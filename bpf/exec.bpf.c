// SPDX-License-Identifier: GPL-2.0
/* Decides every exec.
 *
 *   tier        stage 1, once for each level              stage 2, once
 *   lsm         refuse  lsm/bprm_check_security            kill        lsm.s/bprm_committed_creds
 *   fmod_ret    modify  fmod_ret/security_bprm_check       kill_fentry fentry/security_bprm_committed_creds
 *   kprobe      watch   kprobe/security_bprm_check         kill_kprobe kprobe/security_bprm_committed_creds
 *   tracepoint  -                                          kill_at_exec tp_btf/sched_process_exec
 *   all but the last: check_seen, tp_btf/sched_process_exec: an exec that stage 2 did not see is a verdict of its own
 *
 * Once, behind those of tier lsm:
 *   expect       iter/task: makes what stage 2 needs of execs that were past stage 1 already
 *
 * Attached while an image wants it:
 *   report_exit  tp_btf/sched_process_exit
 *   inherit      tp_btf/sched_process_fork: a child has the lineage of its parent
 *   restore      iter/task: gives live tasks the lineage that user space worked out, and names those without
 *   shadow_*     beside each of the above stages, for the shadow image: decides, and does nothing
 *
 * Both stages read the definitive argument block. Stage 1 answers EPERM (`watch` cannot, it only keeps the facts of each level); stage 2
 * sends a signal that arrives before the first instruction. Stage 1 acts only on what is true; what is unknown to it waits for stage 2.
 * Only `kill` may sleep, so only it can read a page that is not resident. */
#include "at_exec.h"
#include "ancestry.h"

char LICENSE[] SEC("license") = "GPL";

SEC("lsm/bprm_check_security")
int BPF_PROG(refuse, struct linux_binprm *bprm, int ret)
{
	return ret ?: stage1(bprm, CAN_REFUSE, ACTIVE);
}

SEC("fmod_ret/security_bprm_check")
int BPF_PROG(modify, struct linux_binprm *bprm, int ret)
{
	return ret ?: stage1(bprm, CAN_REFUSE, ACTIVE);
}

SEC("kprobe/security_bprm_check")
int watch(struct pt_regs *ctx)
{
	return stage1((struct linux_binprm *)ctx->di, CANNOT_REFUSE, ACTIVE);
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(kill, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_SLEEP, ACTIVE);
}

SEC("fentry/security_bprm_committed_creds")
int BPF_PROG(kill_fentry, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_NOT_SLEEP, ACTIVE);
}

SEC("kprobe/security_bprm_committed_creds")
int kill_kprobe(struct pt_regs *ctx)
{
	return stage2((struct linux_binprm *)ctx->di, MAY_NOT_SLEEP, ACTIVE);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(kill_at_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return at_exec(task, bprm, ACTIVE);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(shadow_watch, struct linux_binprm *bprm, int ret)
{
	return ret ?: stage1(bprm, CANNOT_REFUSE, SHADOW);
}

SEC("fentry/security_bprm_check")
int BPF_PROG(shadow_watch_fentry, struct linux_binprm *bprm)
{
	return stage1(bprm, CANNOT_REFUSE, SHADOW);
}

SEC("kprobe/security_bprm_check")
int shadow_watch_kprobe(struct pt_regs *ctx)
{
	return stage1((struct linux_binprm *)ctx->di, CANNOT_REFUSE, SHADOW);
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(shadow_decide, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_SLEEP, SHADOW);
}

SEC("fentry/security_bprm_committed_creds")
int BPF_PROG(shadow_decide_fentry, struct linux_binprm *bprm)
{
	return stage2(bprm, MAY_NOT_SLEEP, SHADOW);
}

SEC("kprobe/security_bprm_committed_creds")
int shadow_decide_kprobe(struct pt_regs *ctx)
{
	return stage2((struct linux_binprm *)ctx->di, MAY_NOT_SLEEP, SHADOW);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(shadow_at_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return at_exec(task, bprm, SHADOW);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(check_seen, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec *e = bpf_task_storage_get(&execs, task, 0, 0);
	struct turn t = { .which = ACTIVE, .slot = PC_SLOTS };
	struct machine m = {};

	if (bprm->interp != bprm->filename)
		bpf_task_storage_delete(&scripts, task);
	if (e && e->seen == exec_number(task))
		return 0;
	t.st = enter(&m, ACTIVE, &t.slot, &t.generation);
	if (!t.st) {
		if (t.slot == SLOT_CONTENDED)
			count(PC_COUNT_UNSEEN);
		return 0;
	}
	m.s = claim(bpf_get_smp_processor_id(), t.slot);
	if (m.image)
		unseen(&m, e, task, bprm, &t);
	if (m.s)
		yield(m.s);
	leave(t.st, t.slot);
	return 0;
}

SEC("iter/task")
int expect(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		expect_exec(ctx->meta->seq, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(report_exit, struct task_struct *task)
{
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS;

	if (task->signal->live.counter)
		return 0; /* other threads go on */
	st = enter(&m, ACTIVE, &slot, &generation);
	if (!st)
		return 0;
	if (m.image && (image_header(m.image)->events & PC_EVENT_EXIT))
		emit_exit(task, generation);
	leave(st, slot);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(inherit, struct task_struct *parent, struct task_struct *child)
{
	struct lineage *lineage = bpf_task_storage_get(&lineages, parent, 0, 0);

	if (lineage && !bpf_task_storage_get(&lineages, child, lineage, BPF_LOCAL_STORAGE_GET_F_CREATE))
		count(PC_COUNT_UNINHERITED);
	return 0;
}

SEC("iter/task")
int restore(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		restore_lineage(ctx->meta->seq, task);
	return 0;
}
