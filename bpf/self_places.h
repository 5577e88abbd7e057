/* SPDX-License-Identifier: GPL-2.0 */
/* Where the pins are, and the control groups that the agent is in. */
#ifndef PORTCULLIS_SELF_PLACES_H
#define PORTCULLIS_SELF_PLACES_H

#include "self_state.h"

enum { PIN_DEPTH = 6 }; /* directories from a pin up to the directory of pins, with room */

static __always_inline struct inode *inode_of(struct dentry *dentry)
{
	return BPF_CORE_READ((struct dentry___self *)dentry, d_inode);
}

static __always_inline int is_file(struct inode *inode, const struct ps_file *file)
{
	return file->inode && BPF_CORE_READ(inode, i_ino) == file->inode && BPF_CORE_READ(inode, i_sb, s_dev) == file->device;
}

static __always_inline u64 magic_of(struct inode *inode)
{
	struct super_block___self *sb = (void *)BPF_CORE_READ(inode, i_sb);

	return BPF_CORE_READ(sb, s_magic);
}

/* Whether `dentry` is the directory of pins or below it. `directory`: an inode of the same file system, the dentry's own or the one above,
 * which there always is. */
static __always_inline int in_pins(struct ps_state *st, struct inode *directory, struct dentry *dentry)
{
	if (!st->pins.inode || magic_of(directory) != BPF_FS_MAGIC)
		return 0;
#pragma unroll
	for (int depth = 0; depth < PIN_DEPTH; depth++) {
		struct inode *inode = inode_of(dentry);

		if (inode && is_file(inode, &st->pins))
			return 1;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	return 0;
}

static __always_inline int is_kept_mount(struct ps_state *st, struct vfsmount *mnt)
{
	struct mount___self *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	u32 id = BPF_CORE_READ(mount, mnt_id);

#pragma unroll
	for (int place = 0; place < PS_PLACES; place++)
		if (st->mounts[place] && st->mounts[place] == id)
			return 1;
	return 0;
}

static __always_inline int in_host_mounts(struct ps_state *st)
{
	struct task_struct___self *task = (void *)bpf_get_current_task_btf();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) == st->mount_namespace;
}

/* Whether something mounted at `path` would hide the pins from the next agent. */
static __always_inline int covers_pins(struct ps_state *st, const struct path *path)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct inode *inode = inode_of(dentry);

	if (!inode || !in_host_mounts(st))
		return 0;
#pragma unroll
	for (int place = 0; place < PS_PLACES; place++)
		if (is_file(inode, &st->covers[place]))
			return 1;
	return in_pins(st, inode, dentry);
}

static __always_inline struct kernfs_node *above(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->parent))
		return BPF_CORE_READ(node, parent);
	return BPF_CORE_READ((struct kernfs_node___6_15 *)node, __parent);
}

/* The agent's control groups from here on, the root left out: what is written there is everybody's business. */
static __always_inline void note_cgroups(struct ps_state *st, struct cgroup *cgroup)
{
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn), *parent;

#pragma unroll
	for (int level = 0; level < PS_LEVELS; level++) {
		parent = node ? above(node) : 0;
		st->cgroups[level] = parent ? BPF_CORE_READ((struct kernfs_node___self *)node, id) : 0;
		node = parent;
	}
}

/* cgroup.kill or cgroup.freeze. */
static __always_inline int ends_cgroups(struct dentry *dentry)
{
	char name[16] = {};
	const u64 *word = (const u64 *)name;

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (*(const u64 *)"cgroup.k" == word[0])
		return word[1] == *(const u64 *)"ill\0\0\0\0";
	return word[0] == *(const u64 *)"cgroup.f" && word[1] == *(const u64 *)"reeze\0\0";
}

static __always_inline int in_agent_cgroups(struct ps_state *st, struct dentry *dentry)
{
	struct inode *directory = inode_of(BPF_CORE_READ(dentry, d_parent));
	u64 id = BPF_CORE_READ(directory, i_ino);

#pragma unroll
	for (int level = 0; level < PS_LEVELS; level++)
		if (st->cgroups[level] && st->cgroups[level] == id)
			return 1;
	return 0;
}

#endif
