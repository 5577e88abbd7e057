/* SPDX-License-Identifier: GPL-2.0 */
/* Facts of a file: its path by walking dentries up to the root of its mount namespace, so that a chroot does not hide where a program
 * really lies, its name, owner, mode and inode number. */
#ifndef PORTCULLIS_FILE_H
#define PORTCULLIS_FILE_H

#include "identity.h"
#include "walk.h"

enum { PATH_TOO_LONG = 1, PATH_NOWHERE = 2 }; /* why the path is not known */

/* The file's own name, at the end of the path. */
static __always_inline void keep_name(struct scratch *s, const void *name, u32 length)
{
	if (length > 255)
		length = 255;
	s->name_bytes = length;
	s->name_from = PATH_END - 1 - length;
	bpf_probe_read_kernel(&s->arena[s->name_from & (ARENA_BYTES - 1)], bound(length, 0xff), name);
}

/* One component of the path, written before what is there. */
static long path_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	struct dentry *dentry = (void *)s->dentry, *parent;
	struct mount *mount = (void *)s->mount, *above;
	u32 from = s->path_from, length, leaf = from == PATH_END - 1;
	const unsigned char *name;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) { /* on to where it is mounted; a file can be, too */
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount) {
			if (leaf) { /* mounted nowhere, as runtimes of containers have themselves: it has a name and no path */
				length = BPF_CORE_READ(dentry, d_name.len);
				name = BPF_CORE_READ(dentry, d_name.name);
				keep_name(s, name, length);
				s->path_cut = PATH_NOWHERE;
			}
			return 1;
		}
		s->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
		s->mount = (u64)above;
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	length = BPF_CORE_READ(dentry, d_name.len);
	name = BPF_CORE_READ(dentry, d_name.name);
	if (parent == dentry && !leaf)
		return 1;
	if (length > 255)
		length = 255;
	if (from < PATH + length + 1) {
		s->path_cut = PATH_TOO_LONG;
		return 1;
	}
	if (leaf) {
		keep_name(s, name, length);
		from = s->name_from;
	} else {
		from -= length;
		bpf_probe_read_kernel(&s->arena[from & (ARENA_BYTES - 1)], bound(length, 0xff), name);
	}
	from--;
	s->arena[from & (ARENA_BYTES - 1)] = '/';
	s->path_from = from;
	s->dentry = (u64)parent;
	return parent == dentry;
}

/* Reads the facts of a file into scratch and feeds path and name. Atoms of earlier levels must have been put away. */
static __noinline void level_facts(struct machine *m, struct file *file)
{
	struct scratch *s = m->s;
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	const u64 file_facts = 0xffull << (PC_SOURCE_FACT + PC_FACT_FILE);

	s->path_from = PATH_END - 1;
	s->path_cut = 0;
	s->name_bytes = 0;
	s->dentry = (u64)BPF_CORE_READ(file, f_path.dentry);
	s->mount = (u64)mnt - bpf_core_field_offset(struct mount, mnt);
	bpf_loop(PC_PATH_BYTES, path_step, m, 0);
	/* a file of the kernel's own mounts (memfd) has a name and no path */
	if (BPF_CORE_READ(mnt, mnt_flags) & MNT_INTERNAL)
		s->path_from = PATH_END - 1;

	s->inode = BPF_CORE_READ(inode, i_ino);
	s->mode = BPF_CORE_READ(inode, i_mode);
	s->device = BPF_CORE_READ(inode, i_sb, s_dev);
	file_identity(&s->file, inode, BPF_CORE_READ(file, f_path.dentry, d_name.name));
	s->facts[PC_FACT_FILE_UID] = BPF_CORE_READ(inode, i_uid.val);
	s->facts[PC_FACT_FILE_GID] = BPF_CORE_READ(inode, i_gid.val);
	s->facts[PC_FACT_FILE_MODE] = s->mode;
	s->facts[PC_FACT_FILE_INODE] = s->inode;

	s->known &= ~(file_facts | 1ull << PC_STREAM_PATH | 1ull << PC_STREAM_NAME);
	s->known |= file_facts;
	if (s->path_cut == PATH_TOO_LONG)
		count(PC_COUNT_LONG_PATH);
	if (!s->path_cut)
		feed_string(m, PC_STREAM_PATH, s->path_from, PATH_END - 1);
	feed_string(m, PC_STREAM_NAME, s->name_from, s->name_from + s->name_bytes);
	test_integers(m, PC_FACT_FILE, PC_FACTS);
}

#endif
