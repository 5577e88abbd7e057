/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel types that only self-protection reads, by hand and only the fields used; the part of a name from ___ on is ours. */
#ifndef PORTCULLIS_SELF_KERNEL_H
#define PORTCULLIS_SELF_KERNEL_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	u32 inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct task_struct___self {
	u32 flags;
	struct nsproxy *nsproxy;
};

struct super_block___self {
	unsigned long s_magic;
};

struct dentry___self {
	struct inode *d_inode;
};

struct file___self {
	u32 f_mode;
};

struct mount___self {
	int mnt_id;
};

struct kernfs_node___self {
	u64 id;
};

struct bpf_map {
	u32 id;
};

struct bpf_prog_aux {
	u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};


#pragma clang attribute pop

enum {
	ENOENT = 2,
	SIGHUP = 1,
	SIGCHLD = 17,
	SIGCONT = 18,
	SIGWINCH = 28,
	PTRACE_MODE_ATTACH = 2,
	PTRACE_MODE_NOAUDIT = 4,
	PF_KTHREAD = 0x00200000,
	CLONE_THREAD = 0x00010000,
	FMODE_WRITE = 2,
	MS_REMOUNT = 32,
	MS_PROPAGATION = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20, /* unbindable, private, slave, shared */
	CGROUP2_MAGIC = 0x63677270,
	BPF_FS_MAGIC = 0xcafe4a11,
};

#endif
