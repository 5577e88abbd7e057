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

/* The walk goes on in this mount. */
static __always_inline void enter_mount(struct scratch *s, struct mount *mount)
{
	READ_PIECE(s->mount_piece, mount);
	s->mount = (u64)mount;
	s->mount_root = (u64)FIELD(s->mount_piece, mount, mnt.mnt_root);
	s->mount_parent = (u64)FIELD(s->mount_piece, mount, mnt_parent);
	s->mount_point = (u64)FIELD(s->mount_piece, mount, mnt_mountpoint);
}

/* One component of the path, written before what is there. */
static long path_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	struct dentry *dentry = (void *)s->dentry, *parent;
	u32 from = s->path_from, length, leaf = from == PATH_END - 1;
	const unsigned char *name;

	READ_PIECE(s->dentry_piece, dentry);
	parent = FIELD(s->dentry_piece, dentry, d_parent);
	length = FIELD(s->dentry_piece, dentry, d_name.len);
	name = FIELD(s->dentry_piece, dentry, d_name.name);
	if (!i)
		s->leaf_name = (u64)name;
	if ((u64)dentry == s->mount_root) { /* on to where it is mounted; a file can be, too */
		if (s->mount_parent == s->mount) {
			if (leaf) { /* mounted nowhere, as runtimes of containers have themselves: it has a name and no path */
				keep_name(s, name, length);
				s->path_cut = PATH_NOWHERE;
			}
			return 1;
		}
		s->dentry = s->mount_point;
		enter_mount(s, (void *)s->mount_parent);
		return 0;
	}
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
	const u64 file_facts = 0xffull << (PC_SOURCE_FACT + PC_FACT_FILE);
	struct vfsmount *mnt;
	struct inode *inode;
	struct mount *mount;
	struct super_block *filesystem;

	READ_PIECE(s->file_piece, file);
	mnt = FIELD(s->file_piece, file, f_path.mnt);
	mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	inode = FIELD(s->file_piece, file, f_inode);
	s->path_from = PATH_END - 1;
	s->path_cut = 0;
	s->name_bytes = 0;
	s->dentry = (u64)FIELD(s->file_piece, file, f_path.dentry);
	enter_mount(s, mount);
	/* a file of the kernel's own mounts (memfd) has a name and no path */
	s->internal = FIELD(s->mount_piece, mount, mnt.mnt_flags) & MNT_INTERNAL;
	bpf_loop(PC_PATH_BYTES, path_step, m, 0);
	if (s->internal)
		s->path_from = PATH_END - 1;

	READ_PIECE(s->inode_piece, inode);
	s->inode = FIELD(s->inode_piece, inode, i_ino);
	s->mode = FIELD(s->inode_piece, inode, i_mode);
	filesystem = FIELD(s->inode_piece, inode, i_sb);
	READ_PIECE(s->filesystem_piece, filesystem);
	s->device = FIELD(s->filesystem_piece, filesystem, s_dev);
	file_identity(&s->file, s, inode, (void *)s->leaf_name);
	s->facts[PC_FACT_FILE_UID] = FIELD(s->inode_piece, inode, i_uid.val);
	s->facts[PC_FACT_FILE_GID] = FIELD(s->inode_piece, inode, i_gid.val);
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
