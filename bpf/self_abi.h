/* SPDX-License-Identifier: GPL-2.0 */
/* The border of self-protection: whom it protects and who may, as user space writes it, and the attempts that it sends back. */
#ifndef PORTCULLIS_SELF_ABI_H
#define PORTCULLIS_SELF_ABI_H

#include <linux/types.h>

enum ps_version { PS_ABI_VERSION = 1 };

enum ps_limit {
	PS_LEVELS = 4,   /* of control groups from the agent's up to the root */
	PS_NAME = 64,    /* of one of them, with its NUL */
	PS_PLACES = 8,   /* directories on the way to the pins, mounts that they lie in */
};

/* Where an attempt was stopped; the names are those of the kernel's hooks. */
enum ps_hook {
	PS_HOOK_TASK_KILL = 0,
	PS_HOOK_FILE_SEND_SIGIOTASK = 1,
	PS_HOOK_PTRACE_ACCESS_CHECK = 2,
	PS_HOOK_PTRACE_TRACEME = 3,
	PS_HOOK_TASK_SETRLIMIT = 4,
	PS_HOOK_TASK_SETSCHEDULER = 5,
	PS_HOOK_TASK_SETNICE = 6,
	PS_HOOK_BPF_MAP = 7,
	PS_HOOK_BPF_PROG = 8,
	PS_HOOK_INODE_UNLINK = 9,
	PS_HOOK_INODE_RMDIR = 10,
	PS_HOOK_INODE_RENAME = 11,
	PS_HOOK_INODE_MKDIR = 12,
	PS_HOOK_INODE_SYMLINK = 13,
	PS_HOOK_SB_UMOUNT = 14,
	PS_HOOK_SB_MOUNT = 15,
	PS_HOOK_MOVE_MOUNT = 16,
	PS_HOOK_FILE_OPEN = 17,
	PS_HOOKS = 18,
};

enum ps_outcome {
	PS_OUTCOME_REFUSED = 0,
	PS_OUTCOME_UNLOCKED = 1, /* let through: an operator had asked for it */
};

/* A pid alone may belong to another process by now. */
struct ps_process {
	__u64 start;   /* nanoseconds since boot */
	__u32 pid;     /* 0: nobody */
	__u32 reserved;
};

struct ps_file {
	__u64 inode;   /* 0: none */
	__u32 device;  /* major << 20 | minor */
	__u32 reserved;
};

enum ps_kind { PS_KIND_MAP = 0, PS_KIND_PROGRAM = 1 };

struct ps_object {
	__u32 id;
	__u32 kind;
};

/* Everything that the programs are told. User space writes it through its own mapping, and nobody else has one. */
struct ps_state {
	__u64 unlocked_until;             /* nanoseconds since boot */
	struct ps_process agent;
	struct ps_process successor;      /* the launcher, as pid 1 has just started it in the unit's control group */
	struct ps_file launcher;          /* 0: nobody is recognised as successor */
	struct ps_file pins;              /* the directory */
	struct ps_file covers[PS_PLACES]; /* over these nothing is mounted */
	__u64 cgroups[PS_LEVELS];         /* the agent's and those above it */
	__u32 mounts[PS_PLACES];          /* ids of those that stay */
	char unit[PS_LEVELS][PS_NAME];    /* names of the unit's control groups, the innermost first */
	__u32 unit_levels;
	__u32 mount_namespace;            /* the host's, by its number */
	__u32 armed;                      /* 0: nothing is refused */
	__u32 enrolling;                  /* the pid that becomes the agent at its next call of bpf(2) */
	__u32 epoch;                      /* of what is learned from now on, see `objects` */
};

/* One attempt. */
struct ps_tamper {
	__u64 time;    /* nanoseconds since boot */
	__u64 start;   /* of the process that tried, the same */
	__u64 cgroup;
	__u32 hook;    /* enum ps_hook */
	__u32 outcome; /* enum ps_outcome */
	__u32 detail;  /* the signal, the resource, the id of a map or program; else 0 */
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	char comm[16];
	char parent_comm[16];
};

#endif
