// SPDX-License-Identifier: GPL-2.0
/* Self-protection: what other processes, root included, cannot do to the agent and to what it keeps in the kernel.
 *
 *   signals        task_kill, file_send_sigiotask
 *   memory         ptrace_access_check (also /proc/PID/mem, process_vm_writev, pidfd_getfd), ptrace_traceme
 *   limits         task_setrlimit, task_setscheduler, task_setnice
 *   maps, programs bpf_map, bpf_prog: by id or by pin
 *   pins           inode_unlink, inode_rmdir, inode_rename, inode_mkdir, inode_symlink, sb_umount, sb_mount, move_mount
 *   control groups file_open of cgroup.kill and cgroup.freeze; tp_btf/cgroup_attach_task follows the agent when it is moved
 *
 *   who is ours    bpf_map and bpf_prog learn what the agent makes and opens; task_alloc and bprm_check_security know its successor
 *
 * Nothing is refused to anybody about anything else, nor before user space has armed it. Links need no hook: the kernel has no way to
 * detach or change one of a tracing program by its descriptor. */
#include "self_successor.h"

char LICENSE[] SEC("license") = "GPL";

/* --- the agent's process --- */

/* A reload is asked for by SIGHUP, and these do nothing to the agent. Everything else ends, stops or, as SIGUSR1 does to Node, opens it. */
static __always_inline int is_harmless(int signal)
{
	return !signal || signal == SIGHUP || signal == SIGCHLD || signal == SIGCONT || signal == SIGWINCH;
}

SEC("lsm/task_kill")
int BPF_PROG(guard_kill, struct task_struct *target, void *info, int signal, const struct cred *cred, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, target) || is_harmless(signal) || may(st))
		return ret;
	return attempt(st, PS_HOOK_TASK_KILL, signal, -EPERM);
}

/* Who is told of a file's readiness chooses the signal. */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(guard_sigio, struct task_struct *target, void *owner, int signal, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, target) || is_harmless(signal))
		return ret;
	return attempt(st, PS_HOOK_FILE_SEND_SIGIOTASK, signal, -EPERM);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_ptrace, struct task_struct *target, unsigned int mode, int ret)
{
	struct ps_state *st = armed_state();

	/* to look (ps, lsof) is everybody's right */
	if (ret || !st || !(mode & PTRACE_MODE_ATTACH) || !is_ours(st, target) || may(st))
		return ret;
	if (mode & PTRACE_MODE_NOAUDIT)
		return bpf_ktime_get_boot_ns() < st->unlocked_until ? 0 : -EPERM;
	return attempt(st, PS_HOOK_PTRACE_ACCESS_CHECK, mode, -EPERM);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(guard_traceme, struct task_struct *parent, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, bpf_get_current_task_btf()))
		return ret;
	return attempt(st, PS_HOOK_PTRACE_TRACEME, 0, -EPERM);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(guard_rlimit, struct task_struct *target, unsigned int resource, void *limit, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, target) || may(st))
		return ret;
	return attempt(st, PS_HOOK_TASK_SETRLIMIT, resource, -EPERM);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(guard_scheduler, struct task_struct *target, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, target) || may(st))
		return ret;
	return attempt(st, PS_HOOK_TASK_SETSCHEDULER, 0, -EPERM);
}

SEC("lsm/task_setnice")
int BPF_PROG(guard_nice, struct task_struct *target, int nice, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_ours(st, target) || may(st))
		return ret;
	return attempt(st, PS_HOOK_TASK_SETNICE, 0, -EPERM);
}

/* --- its maps and programs --- */

/* A descriptor of a map or program is being made. ENOENT, as for one that is gone: who lists them all goes on with the next. */
static __always_inline int object_opened(u32 kind, u32 id, u32 hook)
{
	struct ps_object object = { .id = id, .kind = kind };
	struct ps_state *st = known_state();
	struct task_struct *task = bpf_get_current_task_btf();

	if (!st)
		return 0;
	if (st->enrolling && st->enrolling == (u32)BPF_CORE_READ(task, tgid)) {
		note_process(&st->agent, task);
		st->successor.pid = 0;
		st->enrolling = 0;
		note_cgroups(st, BPF_CORE_READ(task, cgroups, dfl_cgrp));
	}
	if (is_ours(st, task)) {
		u32 epoch = st->epoch;

		if (bpf_map_update_elem(&self_objects, &object, &epoch, BPF_ANY))
			count_self(COUNT_UNLEARNED);
		return 0;
	}
	if (!st->armed || !bpf_map_lookup_elem(&self_objects, &object) || may(st))
		return 0;
	return attempt(st, hook, id, -ENOENT);
}

SEC("lsm/bpf_map")
int BPF_PROG(guard_map, struct bpf_map *map, unsigned int mode, int ret)
{
	return ret ?: object_opened(PS_KIND_MAP, BPF_CORE_READ(map, id), PS_HOOK_BPF_MAP);
}

SEC("lsm/bpf_prog")
int BPF_PROG(guard_program, struct bpf_prog *program, int ret)
{
	return ret ?: object_opened(PS_KIND_PROGRAM, BPF_CORE_READ(program, aux, id), PS_HOOK_BPF_PROG);
}

/* --- its pins --- */

static __always_inline int pin_touched(struct inode *directory, struct dentry *dentry, u32 hook)
{
	struct ps_state *st = armed_state();

	if (!st || !in_pins(st, directory, dentry) || may(st))
		return 0;
	return attempt(st, hook, 0, -EPERM);
}

SEC("lsm/inode_unlink")
int BPF_PROG(guard_unlink, struct inode *directory, struct dentry *dentry, int ret)
{
	return ret ?: pin_touched(directory, dentry, PS_HOOK_INODE_UNLINK);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(guard_rmdir, struct inode *directory, struct dentry *dentry, int ret)
{
	return ret ?: pin_touched(directory, dentry, PS_HOOK_INODE_RMDIR);
}

SEC("lsm/inode_rename")
int BPF_PROG(guard_rename, struct inode *directory, struct dentry *dentry, struct inode *to, struct dentry *target, int ret)
{
	if (!ret)
		ret = pin_touched(directory, dentry, PS_HOOK_INODE_RENAME);
	return ret ?: pin_touched(to, target, PS_HOOK_INODE_RENAME);
}

/* What is put there would be taken for a set of pins by the next agent. */
SEC("lsm/inode_mkdir")
int BPF_PROG(guard_mkdir, struct inode *directory, struct dentry *dentry, unsigned short mode, int ret)
{
	return ret ?: pin_touched(directory, dentry, PS_HOOK_INODE_MKDIR);
}

SEC("lsm/inode_symlink")
int BPF_PROG(guard_symlink, struct inode *directory, struct dentry *dentry, const char *name, int ret)
{
	return ret ?: pin_touched(directory, dentry, PS_HOOK_INODE_SYMLINK);
}

SEC("lsm/sb_umount")
int BPF_PROG(guard_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || !is_kept_mount(st, mnt) || may(st))
		return ret;
	return attempt(st, PS_HOOK_SB_UMOUNT, 0, -EPERM);
}

SEC("lsm/sb_mount")
int BPF_PROG(guard_mount, const char *device, const struct path *path, const char *type, unsigned long flags, void *data, int ret)
{
	struct ps_state *st = armed_state();

	/* changes of a mount that is there cover nothing */
	if (ret || !st || flags & (MS_REMOUNT | MS_PROPAGATION) || !covers_pins(st, path) || may(st))
		return ret;
	return attempt(st, PS_HOOK_SB_MOUNT, 0, -EPERM);
}

SEC("lsm/move_mount")
int BPF_PROG(guard_move, const struct path *from, const struct path *to, int ret)
{
	struct ps_state *st = armed_state();

	if (ret || !st || may(st))
		return ret;
	if (!is_kept_mount(st, BPF_CORE_READ(from, mnt)) && !covers_pins(st, to))
		return 0;
	return attempt(st, PS_HOOK_MOVE_MOUNT, 0, -EPERM);
}

/* --- its control groups --- */

SEC("lsm/file_open")
int BPF_PROG(guard_cgroup, struct file *file, int ret)
{
	struct ps_state *st;
	struct dentry *dentry;

	/* the way of nearly every file, so without calls */
	if (ret || !(((struct file___self *)file)->f_mode & FMODE_WRITE) ||
	    ((struct super_block___self *)file->f_inode->i_sb)->s_magic != CGROUP2_MAGIC)
		return ret;
	st = armed_state();
	dentry = BPF_CORE_READ(file, f_path.dentry);
	if (!st || !ends_cgroups(dentry) || !in_agent_cgroups(st, dentry) || may(st))
		return 0;
	return attempt(st, PS_HOOK_FILE_OPEN, 0, -EPERM);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(follow_cgroup, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	struct ps_state *st = known_state();

	if (st && is_process(task, &st->agent))
		note_cgroups(st, cgroup);
	return 0;
}

/* --- its successor --- */

SEC("lsm/task_alloc")
int BPF_PROG(note_birth, struct task_struct *task, unsigned long flags, int ret)
{
	if (!ret && !(flags & CLONE_THREAD) && bpf_get_current_pid_tgid() >> 32 == 1)
		bpf_task_storage_get(&born_of_init, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return ret;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(know_successor, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct ps_state *st = known_state();

	if (ret || !st || !is_file(BPF_CORE_READ(bprm, file, f_inode), &st->launcher))
		return ret;
	if (bpf_task_storage_get(&born_of_init, task, 0, 0) && in_unit(st, task))
		note_process(&st->successor, task);
	return 0;
}
