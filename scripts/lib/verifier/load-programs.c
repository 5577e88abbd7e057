// Loads each program of each BPF object by itself, attaches nothing, and prints what the kernel's verifier said.
//
// usage: load-programs OBJECT...
// One line a program, tab separated: object, program, section, then "ok" and the number of instructions the verifier
// walked, or "refused" (the kernel does not take the program's type, its verifier did not look at it) or "rejected"
// (the verifier did) and the error. The end of the verifier's log, if there is any, follows on standard error for a program that did not load.
// Exit status 0 unless an object cannot be opened; the reader judges the lines.
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

// The verifier writes into this much (bytes); a longer log loses its start on kernels from 6.4 and fails before.
enum { LOG_SIZE = 16 << 20, LOG_TAIL = 2000 };

// Only statistics, without a line an instruction (BPF_LOG_STATS), and everything (BPF_LOG_LEVEL1).
enum { STATISTICS = 4, EVERYTHING = 1 };

static char verifier_log[LOG_SIZE];

static int be_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int count_programs(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int count = 0;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object)
		count++;
	bpf_object__close(object);
	return count;
}

struct name {
	char program[128];
	char section[128];
};

// Opens the object anew and loads only program number `index`. Returns 0 or -errno.
static int load_one(const char *path, int index, int level, struct name *name)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	int at = 0, error;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object) {
		int wanted = at++ == index;

		bpf_program__set_autoload(program, wanted);
		if (!wanted)
			continue;
		snprintf(name->program, sizeof(name->program), "%s", bpf_program__name(program));
		snprintf(name->section, sizeof(name->section), "%s", bpf_program__section_name(program));
		bpf_program__set_log_level(program, level);
		bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
	}
	// Nothing of a measurement stays behind.
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL);
	verifier_log[0] = 0;
	error = bpf_object__load(object);
	bpf_object__close(object);
	return error;
}

// What the verifier counted, 0 when it did not get as far as looking at the program.
static long instructions(void)
{
	const char *counted = strstr(verifier_log, "processed ");

	return counted ? atol(counted + strlen("processed ")) : 0;
}

static void explain(const char *path, int index)
{
	struct name name;
	size_t length;

	load_one(path, index, EVERYTHING, &name);
	length = strlen(verifier_log);
	if (length == 0)
		return;
	fprintf(stderr, "%s, the end of the verifier's log:\n%s\n", name.program,
		verifier_log + (length > LOG_TAIL ? length - LOG_TAIL : 0));
}

static void measure(const char *path, int index)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct name name = { "", "" };
	int error = load_one(path, index, STATISTICS, &name);
	long count = instructions();

	printf("%s\t%s\t%s\t", base, name.program, name.section);
	if (!error)
		printf("ok\t%ld\n", count);
	else
		printf("%s\t%s\n", count > 0 ? "rejected" : "refused", strerror(-error));
	fflush(stdout);
	if (error)
		explain(path, index);
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(be_silent);
	for (int argument = 1; argument < argc; argument++) {
		int count = count_programs(argv[argument]);

		if (count < 0) {
			fprintf(stderr, "cannot open %s: %s\n", argv[argument], strerror(-count));
			return 1;
		}
		for (int index = 0; index < count; index++)
			measure(argv[argument], index);
	}
	return 0;
}
