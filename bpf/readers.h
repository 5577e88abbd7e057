/* SPDX-License-Identifier: GPL-2.0 */
/* Where the argument block comes from: the stack of the new program, before it is installed and after. */
#ifndef PORTCULLIS_READERS_H
#define PORTCULLIS_READERS_H

#include "block.h"
#include "piece.h"

enum {
	PAGE_BYTES = 4096,
	ENTRY_PRESENT = 1,
	ENTRY_LARGE = 128, /* maps a large page itself */
};

/* The entry for `address` in a table of pages, 0 when there is none. `table`: kernel address; `shift`: of the bits that it is looked up by. */
static __always_inline u64 table_entry(u64 table, u64 address, u32 shift)
{
	u64 entry = 0;

	bpf_probe_read_kernel(&entry, sizeof(entry), (void *)(table + ((address >> shift) & 511) * 8));
	return entry & ENTRY_PRESENT ? entry : 0;
}

/* Where the kernel sees what an entry maps. */
static __always_inline u64 mapped(u64 entry)
{
	return direct_map + (entry & physical_mask & ~(u64)(PAGE_BYTES - 1));
}

/* The last table on the way to `address`, 0 when it does not go that far. */
static __always_inline u64 last_table(u64 table, u64 address)
{
	u64 entry;

	if (direct_map < FOUR_LEVELS) {
		entry = table_entry(table, address, 48);
		if (!entry)
			return 0;
		table = mapped(entry);
	}
	entry = table_entry(table, address, 39);
	if (!entry)
		return 0;
	entry = table_entry(mapped(entry), address, 30);
	if (!entry || (entry & ENTRY_LARGE))
		return 0;
	entry = table_entry(mapped(entry), address, 21);
	return entry && !(entry & ENTRY_LARGE) ? mapped(entry) : 0;
}

/* Stage 1: the definitive copy, in an address space that nobody has entered yet, so that nobody can write to it and it is read through its
 * page tables. A page that is not resident ends it; one that goes away meanwhile is not taken for what was read. */
static long pending_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 room = room_for_piece(s), rest = PAGE_BYTES - (s->address & (PAGE_BYTES - 1));
	u64 entry, address = s->address;

	if (s->phase >= PHASE_DONE || address >= s->limit)
		return 1;
	if (room > s->limit - address)
		room = s->limit - address;
	if (room > rest)
		room = rest;
	if (address >> 21 != s->region) {
		s->region = address >> 21;
		s->table = last_table(s->tables, address);
	}
	entry = s->table ? table_entry(s->table, address, 12) : 0;
	if (!entry)
		return 1;
	if (bpf_probe_read_kernel(&s->arena[s->fill & (BLOCK_END - 1)], bound(room, 2 * BLOCK_END - 1),
				  (void *)(mapped(entry) + (address & (PAGE_BYTES - 1)))))
		return 1;
	if (mapped(table_entry(s->table, address, 12)) != mapped(entry))
		return 1;
	s->address += room;
	took_piece(m, room);
	return 0;
}

static __always_inline void read_pending(struct machine *m, struct linux_binprm *bprm)
{
	struct scratch *s = m->s;
	struct mm_struct *mm = BPRM(mm);

	s->tables = (u64)BPF_CORE_READ(mm, pgd);
	s->region = ~0ull;
	if (direct_map && s->tables)
		bpf_loop(1 << 16, pending_step, m, 0);
}

enum may_sleep { MAY_NOT_SLEEP, MAY_SLEEP };

/* Stage 2: the definitive copy, contiguous at s->address. Without sleeping, a page that is not resident ends it. */
static __always_inline long read_piece(struct machine *m, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	u32 room = room_for_piece(s);
	void *into = &s->arena[s->fill & (BLOCK_END - 1)];

	if (s->phase >= PHASE_DONE || s->address >= s->limit)
		return 1;
	if (room > s->limit - s->address)
		room = s->limit - s->address;
	if (sleeps == MAY_SLEEP ? bpf_copy_from_user(into, bound(room, 2 * BLOCK_END - 1), (void *)s->address)
				: bpf_probe_read_user(into, bound(room, 2 * BLOCK_END - 1), (void *)s->address))
		return 1;
	s->address += room;
	took_piece(m, room);
	return 0;
}

static long definitive_step(u32 i, struct machine *m)
{
	return read_piece(m, MAY_SLEEP);
}

static long resident_step(u32 i, struct machine *m)
{
	return read_piece(m, MAY_NOT_SLEEP);
}

#endif
