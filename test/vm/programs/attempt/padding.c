// Long lists: what a policy names comes after, or between, a lot that it does not.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

enum { PADDING_BYTES = 2000000, LONG_ARG = 100000, SHORT_ARG = 100, LONGEST_ARG = 32 * PAGE - 1, NEAR = 48, CROWD = 48, CROWD_TRIES = 10 };

/* The kernel takes a quarter of the stack's limit, and never more than six megabytes. */
static void allow_long_lists(void)
{
	struct rlimit stack = { 64ul << 20, 64ul << 20 };

	setrlimit(RLIMIT_STACK, &stack);
}

static char *filler_of(size_t size)
{
	char *filler = malloc(size);

	memset(filler, 'p', size - 1);
	filler[size - 1] = 0;
	return filler;
}

/* `count` times the filler between argv[0] and the rest. */
static void pad(struct attempt *a, char *filler, size_t count)
{
	char **argv = calloc(count + MOST_ARGS, sizeof(char *));
	size_t n = 0;

	allow_long_lists();
	argv[n++] = a->argv[0];
	while (n <= count)
		argv[n++] = filler;
	for (char **rest = a->argv + 1; *rest; rest++)
		argv[n++] = *rest;
	a->argv = argv;
	plain(a);
}

static void padded_long(struct attempt *a)
{
	pad(a, filler_of(LONG_ARG), PADDING_BYTES / LONG_ARG);
}

static void padded_many(struct attempt *a)
{
	pad(a, filler_of(SHORT_ARG), PADDING_BYTES / SHORT_ARG);
}

/* As much as the kernel takes. */
static void padded_most(struct attempt *a)
{
	pad(a, filler_of(LONG_ARG), 60);
}

/* Empty arguments, as many as the parameter says. */
static void empty_strings(struct attempt *a)
{
	pad(a, "", number_of(a, 100000));
}

/* One argument of so many bytes before the rest. */
static void offset(struct attempt *a)
{
	pad(a, filler_of(number_of(a, 1)), 1);
}

/* One argument before the rest, so that what a policy names lies across each place near the parameter, one program after another. */
static void boundaries(struct attempt *a)
{
	unsigned long around = number_of(a, PAGE);

	for (unsigned long size = around - NEAR; size < around + NEAR / 4; size++) {
		pid_t child = fork();

		if (!child) {
			pad(a, filler_of(size), 1);
			fail(a, errno);
		}
		waitpid(child, NULL, 0);
	}
	_exit(0);
}

/* The last argument is as long as an argument can be, and ends with what it was. */
static void longest(struct attempt *a)
{
	char **last = last_of(a->argv), *filler = filler_of(LONGEST_ARG + 1);

	strcpy(filler + LONGEST_ARG - strlen(*last), *last);
	*last = filler;
	plain(a);
}

/* So much environment that what lies behind the arguments is far longer than they are. */
static void long_environment(struct attempt *a)
{
	char **envp = calloc(21, sizeof(char *)), *filler = filler_of(LONG_ARG);

	allow_long_lists();
	memcpy(filler, "A=", 2);
	for (int n = 0; n < 20; n++)
		envp[n] = filler;
	a->envp = envp;
	plain(a);
}

/* A limit so low that the kernel takes no more than it must, and one that changes where memory lies. */
static void with_stack(struct attempt *a)
{
	struct rlimit stack = { number_of(a, RLIM_INFINITY), RLIM_INFINITY };

	setrlimit(RLIMIT_STACK, &stack);
	plain(a);
}

/* In one of a crowd: executes the program again and again, after so many long arguments. */
static void execute_often(struct attempt *a, char *filler, size_t count)
{
	for (int n = 0; n < CROWD_TRIES; n++) {
		pid_t child = fork();

		if (!child) {
			pad(a, filler, count);
			fail(a, errno);
		}
		waitpid(child, NULL, 0);
	}
	_exit(0);
}

/* Many processes execute at once. The parameter is how many long arguments each puts before the rest: what takes long to read is
 * interrupted often. */
static void crowd(struct attempt *a)
{
	char *filler = filler_of(LONG_ARG);

	for (int n = 0; n < CROWD; n++)
		if (!fork())
			execute_often(a, filler, number_of(a, 0));
	while (wait(NULL) > 0)
		;
	_exit(0);
}

const struct way padding_ways[] = {
	{ "padded-long", padded_long },
	{ "padded-many", padded_many },
	{ "padded-most", padded_most },
	{ "empty-strings", empty_strings },
	{ "offset", offset },
	{ "boundaries", boundaries },
	{ "longest", longest },
	{ "long-environment", long_environment },
	{ "crowd", crowd },
	{ "stack", with_stack },
	{ 0 },
};
