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

static __always_inline void begin_exec(struct scratch *s, struct linux_binprm *bprm, u64 generation)
{
	s->exec = new_exec_id();
	s->bprm = (u64)bprm;
	s->seen = 0;
	s->generation = generation;
	s->levels = 0;
	s->known = 0;
	s->args_bytes = 0;
	s->head_bytes = 0;
	s->script_path_bytes = 0;
	s->script_name_bytes = 0;
}

/* What a record says of a script: the end of its path, as much as it carries. */
static __always_inline void keep_script_path(struct scratch *s)
{
	u32 bytes = PATH_END - 1 - s->path_from, from = s->path_from, name = s->name_bytes;

	if (bytes > PC_EVENT_PATH_BYTES) {
		from += bytes - PC_EVENT_PATH_BYTES;
		bytes = PC_EVENT_PATH_BYTES;
	}
	bpf_probe_read_kernel(&s->arena[SCRIPT_PATH], bound(bytes, 0x7ff), &s->arena[from & (ARENA_BYTES - 1)]);
	s->script_path_bytes = bytes;
	bpf_probe_read_kernel(&s->arena[SCRIPT_NAME], bound(name, 0xff), &s->arena[s->name_from & (ARENA_BYTES - 1)]);
	s->script_name_bytes = name;
}

/* One more level whose file is at hand. `levels` NULL: a plain program. */
static __always_inline void add_level(struct machine *m, struct levels *levels, struct file *file, u32 level)
{
	level_facts(m, file);
	if (levels) {
		if (!level)
			keep_script_path(m->s);
		put_level(m, levels, level);
	}
}

enum can_refuse { CANNOT_REFUSE, CAN_REFUSE };

static __always_inline int decide_stage1(struct machine *m, struct linux_binprm *bprm, struct task_struct *task, struct pc_state *st,
					 u64 generation, enum can_refuse can)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;
	u32 streams = image_header(m->image)->streams, level;
	int native = is_native(bprm);

	if (BPF_CORE_READ(bprm, interp) == BPF_CORE_READ(bprm, filename))
		begin_exec(s, bprm, generation);
	else if (s->bprm != (u64)bprm || s->generation != generation)
		return 0; /* the image changed below: stage 2 decides with the new one */
	level = s->levels;
	if (level >= PC_LEVELS)
		return 0;
	if (level || !native) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return 0;
		}
	}
	s->stage = PC_STAGE_REFUSE;
	s->native = native;
	s->levels = level + 1;
	clear_atoms(m);
	s->known = 0;
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
	if (!(s->wants & WANT_DENY) || is_protected(st, task)) /* stage 2 says who was spared */
		return 0;
	count(PC_COUNT_REFUSED);
	emit(m, task, PC_STAGE_REFUSE, PC_VERDICT_REFUSE);
	return -EPERM;
}

static __always_inline int stage1(struct linux_binprm *bprm, enum can_refuse can)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS;
	int ret = 0;

	st = enter(&m, &slot, &generation);
	if (!st)
		return 0;
	m.s = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m.s)
		count(PC_COUNT_NO_MEMORY);
	else if (m.image)
		ret = decide_stage1(&m, bprm, task, st, generation, can);
	leave(st, slot);
	if (ret) {
		bpf_task_storage_delete(&execs, task);
		bpf_task_storage_delete(&scripts, task);
	}
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
static __always_inline void act(struct machine *m, struct task_struct *task, struct pc_state *st)
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
		emit(m, task, PC_STAGE_KILL, verdict);
}

/* Facts that are final once the new program is installed; the argument block follows. */
static __always_inline void final_facts(struct machine *m, struct task_struct *task)
{
	struct scratch *s = m->s;
	u32 streams = image_header(m->image)->streams;

	s->stage = PC_STAGE_KILL;
	s->known = 0;
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
		m->s->level_known[k] = 0;
	bpf_loop(PC_ATOM_WORDS, forget_word, &v, 0);
}

enum may_sleep { MAY_NOT_SLEEP, MAY_SLEEP };

static __always_inline int decide_stage2(struct machine *m, struct linux_binprm *bprm, struct task_struct *task, struct pc_state *st,
					 u64 generation, enum may_sleep sleeps)
{
	struct scratch *s = m->s;
	struct levels *levels = 0;
	int script = BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename);
	u32 level;

	if (s->bprm != (u64)bprm)
		begin_exec(s, bprm, generation);
	if (script) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			return 0; /* not marked: unseen */
		}
		if (s->levels < 2)
			s->levels = 2;
		if (s->generation != generation || !s->script_name_bytes)
			forget_levels(m, levels);
	} else {
		s->levels = 1;
	}
	s->generation = generation;
	level = s->levels - 1;
	clear_atoms(m);
	final_facts(m, task);
	add_level(m, levels, BPF_CORE_READ(bprm, file), level);
	begin_block(m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(bprm, p);
	s->limit = BPF_CORE_READ(bprm, exec);
	bpf_loop(1 << 16, sleeps == MAY_SLEEP ? (void *)definitive_step : (void *)resident_step, m, 0);
	end_block(m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(m, 0, PC_FACT_FILE);
	decide_views(m, levels);
	act(m, task, st);
	s->seen = (u64)bprm;
	return 0;
}

static __always_inline int stage2(struct linux_binprm *bprm, enum may_sleep sleeps)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS;

	st = enter(&m, &slot, &generation);
	if (!st)
		return 0;
	m.s = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m.s)
		count(PC_COUNT_NO_MEMORY);
	else if (m.image)
		decide_stage2(&m, bprm, task, st, generation, sleeps);
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
static __noinline void unseen(struct machine *m, struct task_struct *task, struct linux_binprm *bprm, struct pc_state *st)
{
	u32 kill = st->on_unseen && !is_protected(st, task);

	count(PC_COUNT_UNSEEN);
	if (kill)
		bpf_send_signal(SIGKILL);
	m->s = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!m->s)
		return;
	begin_exec(m->s, bprm, 0);
	m->s->path_from = PATH_END - 1;
	m->s->name_bytes = 0;
	m->s->tty_bytes = 0;
	clear_rules(m);
	emit(m, task, PC_STAGE_UNSEEN, PC_VERDICT_UNSEEN);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(check_seen, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct scratch *s = bpf_task_storage_get(&execs, task, 0, 0);
	struct machine m = {};
	struct pc_state *st;
	u64 generation = 0;
	u32 slot = PC_SLOTS;

	if (!s || s->seen != (u64)bprm) {
		st = enter(&m, &slot, &generation);
		if (st && m.image)
			unseen(&m, task, bprm, st);
		if (st)
			leave(st, slot);
	}
	bpf_task_storage_delete(&execs, task);
	bpf_task_storage_delete(&scripts, task);
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
	bpf_probe_read_kernel(&s->arena[SCRIPT_NAME], bound(s->name_bytes, 0xff), &s->arena[s->name_from & (BLOCK_END - 1)]);
	s->script_name_bytes = s->name_bytes;
	feed_string(m, PC_STREAM_NAME, s->name_from, s->to);
	if (s->arena[CHUNK] == '/') {
		feed_string(m, PC_STREAM_PATH, CHUNK, s->to);
		if (n - 1 <= PC_EVENT_PATH_BYTES) {
			bpf_probe_read_kernel(&s->arena[SCRIPT_PATH], bound(n - 1, 0x7ff), &s->arena[CHUNK]);
			s->script_path_bytes = n - 1;
		}
	}
	put_level(m, levels, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(kill_at_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct levels *levels = 0;
	struct machine m = {};
	struct pc_state *st;
	struct scratch *s;
	u64 generation = 0;
	u32 slot = PC_SLOTS;

	st = enter(&m, &slot, &generation);
	if (!st)
		return 0;
	s = m.s = bpf_task_storage_get(&execs, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s) {
		count(PC_COUNT_NO_MEMORY);
		count(PC_COUNT_UNSEEN);
		goto out;
	}
	if (!m.image)
		goto out;
	begin_exec(s, bprm, generation);
	clear_atoms(&m);
	s->levels = 1;
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename)) {
		levels = bpf_task_storage_get(&scripts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!levels) {
			count(PC_COUNT_NO_MEMORY);
			goto out;
		}
		s->levels = 2;
		forget_levels(&m, levels);
		claimed_level(&m, levels, bprm);
	}
	final_facts(&m, task);
	add_level(&m, levels, BPF_CORE_READ(bprm, file), s->levels - 1);
	begin_block(&m, BPF_CORE_READ(bprm, argc), BPF_CORE_READ(bprm, envc));
	s->address = BPF_CORE_READ(task, mm, arg_start);
	s->limit = BPF_CORE_READ(task, mm, env_end);
	bpf_loop(1 << 16, resident_step, &m, 0);
	end_block(&m);
	if (s->phase < PHASE_DONE)
		count(PC_COUNT_UNREAD);
	test_integers(&m, 0, PC_FACT_FILE);
	decide_views(&m, levels);
	act(&m, task, st);
out:
	leave(st, slot);
	bpf_task_storage_delete(&execs, task);
	bpf_task_storage_delete(&scripts, task);
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
