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
#include "views.h"
#include "file.h"
#include "readers.h"
#include "task.h"
#include "record.h"

char LICENSE[] SEC("license") = "GPL";

/* Takes the active image. The word is read again behind the count so that nobody is in a slot unseen: user space flips the word, then
 * waits for the old slot's count. */
static __always_inline struct pc_state *enter(struct machine *m, u32 *slot, u64 *generation)
{
	u32 zero = 0, index;
	struct pc_state *st = bpf_map_lookup_elem(&state, &zero);
	u64 word;

	if (!st)
		return 0;
	for (int attempt = 0; attempt < 4; attempt++) {
		word = *(volatile u64 *)&st->word;
		index = (word >> PC_WORD_ACTIVE_SHIFT) & 0xff;
		if (index >= PC_SLOTS)
			return 0;
		__sync_fetch_and_add(&st->inside[index], 1);
		if (*(volatile u64 *)&st->word == word) {
			*slot = index;
			*generation = word >> PC_WORD_GENERATION_SHIFT;
			m->image = bpf_map_lookup_elem(&images, slot);
			return st;
		}
		__sync_fetch_and_add(&st->inside[index], -1);
	}
	return 0;
}

static __always_inline void leave(struct pc_state *st, u32 slot)
{
	if (slot < PC_SLOTS)
		__sync_fetch_and_add(&st->inside[slot], -1);
}

static __always_inline int is_protected(struct pc_state *st, struct task_struct *task)
{
	u32 pid = BPF_CORE_READ(task, tgid);

	return pid == 1 || (st->agent && pid == st->agent);
}

static __always_inline void begin_exec(struct exec *e, struct linux_binprm *bprm, u64 generation)
{
	e->id = new_exec_id();
	e->bprm = (u64)bprm;
	e->seen = 0;
	e->generation = generation;
	e->levels = 0;
}

/* Scratch memory as it is before anything of an exec was read. */
static __always_inline void begin_scratch(struct scratch *s, struct exec *e, u64 generation, u32 stage)
{
	s->exec = e->id;
	s->generation = generation;
	s->stage = stage;
	s->kept = 0;
	s->known = 0;
	s->interpreter_known = 0;
	s->args_bytes = 0;
	s->head_bytes = 0;
	s->tty_bytes = 0;
}

/* What a record says of a script: the end of its path, as much as it carries. */
static __always_inline void keep_script_path(struct scratch *s, struct levels *levels)
{
	u32 bytes = PATH_END - 1 - s->path_from, from = s->path_from;

	if (bytes > PC_EVENT_PATH_BYTES) {
		from += bytes - PC_EVENT_PATH_BYTES;
		bytes = PC_EVENT_PATH_BYTES;
	}
	bpf_probe_read_kernel(levels->path, bound(bytes, 0x7ff), &s->arena[from & (ARENA_BYTES - 1)]);
	levels->path_bytes = bytes;
	bpf_probe_read_kernel(levels->name, bound(s->name_bytes, 0xff), &s->arena[s->name_from & (ARENA_BYTES - 1)]);
	levels->name_bytes = s->name_bytes;
}

/* One more level whose file is at hand. `levels` NULL: a plain program. */
static __always_inline void add_level(struct machine *m, struct levels *levels, struct file *file, u32 level)
{
	level_facts(m, file);
	if (levels) {
		if (!level)
			keep_script_path(m->s, levels);
		put_level(m, levels, level);
	}
}

enum can_refuse { CANNOT_REFUSE, CAN_REFUSE };

static __always_inline int decide_stage1(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					 struct pc_state *st, u64 generation, enum can_refuse can)
{
	struct scratch *s = m->s;
	const struct pc_header *h = image_header(m->image);
	struct levels *levels = 0;
	u32 streams = h->streams, level;
	int native = is_native(bprm);

	if (BPF_CORE_READ(bprm, interp) == BPF_CORE_READ(bprm, filename))
		begin_exec(e, bprm, generation);
	else if (e->bprm != (u64)bprm || e->generation != generation)
		return 0; /* the image changed below: stage 2 decides with the new one */
	level = e->levels;
	if (level >= PC_LEVELS)
		return 0;
	if (level || !native) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return 0;
		}
	}
	begin_scratch(s, e, generation, PC_STAGE_REFUSE);
	e->levels = s->levels = level + 1;
	s->native = native;
	clear_atoms(m);
	task_facts(s, task);
	add_level(m, levels, BPF_CORE_READ(bprm, file), level);
	if (can == CANNOT_REFUSE)
		return 0;
	/* a setuid program gets its ids later, and an interpreter's file counts, not the script's */
	if (native && !(s->mode & (S_ISUID | S_ISGID)))
		effective_facts(s, task);
	if (streams & (1 << PC_STREAM_COMM))
		future_comm_fact(m, bprm);
	if (streams & (1 << PC_STREAM_TTY))
		tty_fact(m, task);
	if (native && !level) {
		s->index = 0;
		s->string = 0;
		begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
		if (caller_arguments(s, task))
			bpf_loop(1 << 22, pointer_step, m, 0);
		end_block(m);
		if (s->phase < PHASE_DONE)
			count(PC_COUNT_ABSTAINED);
	}
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	count(PC_COUNT_STAGE1);
	if (!(s->wants & WANT_DENY) || is_protected(st, task)) { /* stage 2 says who was spared */
		/* everything was read, so nothing was unknown; the parent may change in between */
		if (!levels && s->phase >= PHASE_DONE && s->total <= BLOCK_END && !s->wrapped &&
		    !(h->sources & ~(s->known | s->interpreter_known)) && !(h->sources & (1ull << (PC_SOURCE_FACT + PC_FACT_PPID)))) {
			s->kept_bytes = s->total;
			s->kept = e->id;
		}
		return 0;
	}
	count(PC_COUNT_REFUSED);
	emit(m, task, levels, PC_STAGE_REFUSE, PC_VERDICT_REFUSE);
	return -EPERM;
}

static __always_inline int stage1(struct linux_binprm *bprm, enum can_refuse can)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct machine m = {};
	struct pc_state *st;
	struct exec *e;
	u64 generation = 0;
	u32 slot = PC_SLOTS, claimed = 0;
	int ret = 0;

	st = enter(&m, &slot, &generation);
	if (!st)
		return 0;
	e = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	m.s = claim(bpf_get_smp_processor_id(), &claimed);
	if (e && m.s && m.image) {
		e->scratch = claimed;
		ret = decide_stage1(&m, e, bprm, task, st, generation, can);
	} else {
		count(PC_COUNT_NO_MEMORY);
	}
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return ret;
}

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

/* What stage 2 does about the rules that hold. */
static __always_inline void act(struct machine *m, struct task_struct *task, struct levels *levels, struct pc_state *st)
{
	struct scratch *s = m->s;
	u32 verdict = PC_VERDICT_NONE, signal = s->signal;

	count(PC_COUNT_EXEC);
	if (s->wants & (WANT_DENY | WANT_KILL)) {
		if (is_protected(st, task)) {
			verdict = PC_VERDICT_PROTECTED;
			count(PC_COUNT_PROTECTED);
		} else if (!bpf_send_signal(signal)) {
			verdict = PC_VERDICT_KILL;
			count(PC_COUNT_KILLED);
		} else {
			verdict = PC_VERDICT_REPORT;
			count(PC_COUNT_REPORTED);
		}
	} else if (s->wants & WANT_REPORT) {
		verdict = PC_VERDICT_REPORT;
		count(PC_COUNT_REPORTED);
	} else if (s->wants & WANT_UNKNOWN) {
		verdict = PC_VERDICT_UNKNOWN;
		count(PC_COUNT_UNKNOWN);
	}
	if (verdict != PC_VERDICT_NONE || (image_header(m->image)->events & PC_EVENT_EXEC))
		emit(m, task, levels, PC_STAGE_KILL, verdict);
}

/* Facts that are final once the new program is installed; the argument block follows. */
static __always_inline void final_facts(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	u32 streams = image_header(m->image)->streams;

	s->native = 1;
	task_facts(s, task);
	effective_facts(s, task);
	if (streams & (1 << PC_STREAM_COMM))
		comm_fact(m, task);
	if (streams & (1 << PC_STREAM_TTY))
		tty_fact(m, task);
}

static long forget_word(u32 i, struct view *v)
{
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		v->levels->atoms[k][i & (PC_ATOM_WORDS - 1)] = 0;
	return 0;
}

/* Earlier levels were read for another image, or not at all: their files are not known. */
static __noinline void forget_levels(struct machine *m, struct levels *levels)
{
	struct view v = { .m = *m, .levels = levels };

	if (!levels)
		return;
#pragma unroll
	for (int k = 0; k < PC_LEVELS; k++)
		levels->known[k] = 0;
	levels->path_bytes = levels->name_bytes = 0;
	bpf_loop(PC_ATOM_WORDS, forget_word, &v, 0);
}

enum may_sleep { MAY_NOT_SLEEP, MAY_SLEEP };

static long compare_step(u32 i, struct machine *m)
{
	struct scratch *s = m->s;
	u32 at = i * 64, bytes = s->kept_bytes;
	u64 difference = 0;

	if (at >= bytes)
		return 1;
#pragma unroll
	for (int k = 0; k < 8; k++) {
		u64 d = *(u64 *)&s->again[(at + k * 8) & (BLOCK_END - 8)] ^ *(u64 *)&s->arena[(at + k * 8) & (BLOCK_END - 8)];
		u32 word = at + k * 8;

		if (word >= bytes)
			break;
		if (bytes - word < 8)
			d &= (1ull << (bytes - word) * 8) - 1;
		difference |= d;
	}
	s->difference = difference;
	return difference != 0;
}

/* Whether this is the exec that scratch still has the facts and the decision of, with the same bytes of arguments. */
static __always_inline int is_kept(struct machine *m, struct exec *e, struct linux_binprm *bprm, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	u64 from = BPF_CORE_READ(bprm, p);
	u32 bytes = s->kept_bytes;

	if (s->kept != e->id || s->argc != BPF_CORE_READ(bprm, argc) || s->envc != BPF_CORE_READ(bprm, envc) ||
	    bytes > BPF_CORE_READ(bprm, exec) - from)
		return 0;
	if (sleeps == MAY_SLEEP ? bpf_copy_from_user(s->again, bound(bytes, 2 * BLOCK_END - 1), (void *)from)
				: bpf_probe_read_user(s->again, bound(bytes, 2 * BLOCK_END - 1), (void *)from))
		return 0;
	s->difference = 0;
	bpf_loop(BLOCK_END / 64, compare_step, m, 0);
	return !s->difference;
}

static __always_inline void decide_stage2(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					  struct pc_state *st, u64 generation, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;

	if (e->bprm != (u64)bprm)
		begin_exec(e, bprm, generation);
	if (e->generation == generation && is_kept(m, e, bprm, sleeps)) {
		act(m, task, 0, st);
		e->seen = (u64)bprm;
		return;
	}
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename)) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return; /* not marked: unseen */
		}
		if (e->generation != generation || e->levels < 2)
			forget_levels(m, levels);
		if (e->levels < 2)
			e->levels = 2;
	} else {
		e->levels = 1;
	}
	begin_scratch(s, e, generation, PC_STAGE_KILL);
	s->levels = e->levels;
	clear_atoms(m);
	final_facts(m, task);
	add_level(m, levels, BPF_CORE_READ(bprm, file), e->levels - 1);
	begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(bprm, p);
	s->limit = BPF_CORE_READ(bprm, exec);
	bpf_loop(1 << 16, sleeps == MAY_SLEEP ? (void *)definitive_step : (void *)resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	act(m, task, levels, st);
	e->seen = (u64)bprm;
}

static __always_inline int stage2(struct linux_binprm *bprm, enum may_sleep sleeps)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exec *e = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS, claimed = 0;

	if (!e) {
		count(PC_COUNT_NO_MEMORY);
		return 0;
	}
	st = enter(&m, &slot, &generation);
	if (!st) {
		e->seen = (u64)bprm; /* asked, and there is nothing to decide */
		return 0;
	}
	m.s = claim(e->bprm == (u64)bprm ? e->scratch : bpf_get_smp_processor_id(), &claimed);
	if (m.s && m.image)
		decide_stage2(&m, e, bprm, task, st, generation, sleeps);
	else
		count(PC_COUNT_NO_MEMORY);
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return 0;
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

/* Says and counts an exec that was not decided: a program that was skipped, no memory for task storage. */
static __always_inline void unseen(struct machine *m, struct exec *e, struct task_struct *task, struct linux_binprm *bprm,
				   struct pc_state *st, u64 generation)
{
	count(PC_COUNT_UNSEEN);
	if (st->on_unseen && !is_protected(st, task))
		bpf_send_signal(SIGKILL);
	if (!e || !m->s)
		return;
	begin_exec(e, bprm, generation);
	begin_scratch(m->s, e, generation, PC_STAGE_UNSEEN);
	m->s->path_from = PATH_END - 1;
	m->s->path_cut = 0;
	m->s->name_bytes = 0;
	m->s->levels = 0;
	clear_rules(m);
	emit(m, task, 0, PC_STAGE_UNSEEN, PC_VERDICT_UNSEEN);
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
	if (!st)
		return 0;
	m.s = claim(bpf_get_smp_processor_id(), &claimed);
	if (m.image)
		unseen(&m, e, task, bprm, st, generation);
	if (m.s)
		yield(m.s);
	leave(st, slot);
	return 0;
}

/* A script's own file is gone when this tier looks: what the caller named is all there is. An absolute name stands for the path, its
 * last component for the name; a relative name leaves the path unknown. */
static __noinline void claimed_level(struct machine *m, struct levels *levels, struct linux_binprm *bprm)
{
	struct scratch *s = m->s;
	long n = bpf_probe_read_kernel_str(&s->arena[CHUNK], 4096, BPF_CORE_READ(bprm, filename));

	if (n <= 1 || !levels)
		return;
	s->from = s->list = CHUNK;
	s->to = CHUNK + ((n - 1) & 4095);
	bpf_loop(4096, slash_step, m, 0);
	s->path_from = CHUNK;
	s->name_from = s->list;
	s->name_bytes = s->to - s->list;
	if (s->name_bytes > 255)
		return;
	bpf_probe_read_kernel(levels->name, bound(s->name_bytes, 0xff), &s->arena[s->name_from & (BLOCK_END - 1)]);
	levels->name_bytes = s->name_bytes;
	feed_string(m, PC_STREAM_NAME, s->name_from, s->to);
	if (s->arena[CHUNK] == '/') {
		feed_string(m, PC_STREAM_PATH, CHUNK, s->to);
		if (n - 1 <= PC_EVENT_PATH_BYTES) {
			bpf_probe_read_kernel(levels->path, bound(n - 1, 0x7ff), &s->arena[CHUNK]);
			levels->path_bytes = n - 1;
		}
	}
	put_level(m, levels, 0);
}

static __always_inline void decide_at_exec(struct machine *m, struct exec *e, struct linux_binprm *bprm, struct task_struct *task,
					   struct pc_state *st, u64 generation)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;

	begin_exec(e, bprm, generation);
	begin_scratch(s, e, generation, PC_STAGE_KILL);
	clear_atoms(m);
	s->levels = 1;
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename)) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return;
		}
		s->levels = 2;
		forget_levels(m, levels);
		claimed_level(m, levels, bprm);
	}
	final_facts(m, task);
	level_facts(m, BPF_CORE_READ(bprm, file));
	if (levels)
		put_level(m, levels, 1);
	begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(task, mm, arg_start);
	s->limit = BPF_CORE_READ(task, mm, env_end);
	bpf_loop(1 << 16, resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	act(m, task, levels, st);
	if (levels)
		bpf_task_storage_delete(&scripts, task);
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
	if (!st)
		return 0;
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
