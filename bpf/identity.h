/* SPDX-License-Identifier: GPL-2.0 */
/* What an executable is known by wherever it is seen: in a hundred containers of one image it is one. */
#ifndef PORTCULLIS_IDENTITY_H
#define PORTCULLIS_IDENTITY_H

#include "piece.h"

/* In place of the time of change where whoever serves the file says what it is. */
#define ANY_TIME (~0ull)

/* From 6.13 the highest bit of the nanoseconds says that somebody has asked for the time since it was set (I_CTIME_QUERIED); it is no part of it. */
#define NANOSECONDS 0x7fffffff

/* Size, time of change and the beginning of the name. scratch has the pieces of the inode and of its file system. */
static __always_inline void file_identity(struct pc_file *id, struct scratch *s, struct inode *inode, const void *name)
{
	id->size = FIELD(s->inode_piece, inode, i_size);
	if (bpf_core_field_exists(inode->i_ctime)) {
		id->ctime = FIELD(s->inode_piece, inode, i_ctime.tv_sec) * 1000000000ull + FIELD(s->inode_piece, inode, i_ctime.tv_nsec);
	} else if (bpf_core_field_exists(((struct inode___6_6 *)0)->__i_ctime)) {
		struct inode___6_6 *between = (void *)inode;

		id->ctime = FIELD(s->inode_piece, between, __i_ctime.tv_sec) * 1000000000ull +
			    FIELD(s->inode_piece, between, __i_ctime.tv_nsec);
	} else {
		struct inode___6_11 *recent = (void *)inode;

		id->ctime = FIELD(s->inode_piece, recent, i_ctime_sec) * 1000000000ull +
			    (FIELD(s->inode_piece, recent, i_ctime_nsec) & NANOSECONDS);
	}
	if (FIELD(s->filesystem_piece, (struct super_block *)FIELD(s->inode_piece, inode, i_sb), s_magic) == FUSE_SUPER_MAGIC)
		id->ctime = ANY_TIME;
	__builtin_memset(id->name, 0, sizeof(id->name));
	bpf_probe_read_kernel_str(id->name, sizeof(id->name), name);
}

#endif
