// The ways of changing an argument behind the kernel's back.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "race.h"

enum { STACK = 64 * 1024 };

static char named[] = "stratum+tcp://pool.example:3333", not_named[] = "xtratum+tcp://pool.example:3333",
	    not_named_either[] = "ytratum+tcp://pool.example:3333";

struct target *new_target(int harmless)
{
	struct target *t = calloc(1, sizeof(*t));
	char *pages;

	t->file = memfd_create("argument", MFD_CLOEXEC);
	if (ftruncate(t->file, 3 * PAGE))
		abort();
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, t->file, 0);
	t->texts[0] = not_named;
	t->texts[1] = harmless ? not_named_either : named;
	t->url = strcpy(pages, t->texts[1]);
	t->harmless = strcpy(pages + PAGE, t->texts[0]);
	t->changes = (volatile unsigned long *)(pages + 2 * PAGE);
	memcpy(t->arguments, (char *[]){ "worker", "-o", t->url, "--quiet", NULL }, sizeof(t->arguments));
	return t;
}

void free_target(struct target *t)
{
	munmap(t->url, 3 * PAGE);
	close(t->file);
	free(t);
}

static int in_thread(void *(*change)(void *), struct target *t)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, change, t);
}

/* Flips between the two texts for ever. */
static void *change_bytes(void *target)
{
	struct target *t = target;

	for (;;) {
		*(volatile char *)t->url = *t->texts[*t->changes & 1];
		++*t->changes;
	}
	return NULL;
}

static void *change_pointers(void *target)
{
	struct target *t = target;

	for (;;) {
		*(char *volatile *)&t->arguments[2] = *t->changes & 1 ? t->url : t->harmless;
		++*t->changes;
	}
	return NULL;
}

/* Writes to the file that the page belongs to. */
static void *change_file(void *target)
{
	struct target *t = target;

	for (;;)
		if (pwrite(t->file, t->texts[*t->changes & 1], 1, 0) == 1)
			++*t->changes;
	return NULL;
}

/* Puts one page or the other at the address. */
static void *change_mapping(void *target)
{
	struct target *t = target;

	for (;;) {
		mmap(t->url, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, t->file, *t->changes & 1 ? 0 : PAGE);
		++*t->changes;
	}
	return NULL;
}

static int start_bytes(struct target *t)
{
	return in_thread(change_bytes, t);
}

static int start_pointers(struct target *t)
{
	return in_thread(change_pointers, t);
}

static int start_file(struct target *t)
{
	return in_thread(change_file, t);
}

static int start_mapping(struct target *t)
{
	return in_thread(change_mapping, t);
}

/* Ends with its parent, which is the process that executes or the program that it became. */
static void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int change_bytes_in_clone(void *target)
{
	end_with_parent();
	change_bytes(target);
	return 0;
}

/* A process of its own with the same memory. */
static int start_clone(struct target *t)
{
	return clone(change_bytes_in_clone, (char *)malloc(STACK) + STACK, CLONE_VM | SIGCHLD, t) < 0;
}

/* A process that shares the page and nothing else. */
static int start_shared(struct target *t)
{
	pid_t child = fork();

	if (!child) {
		end_with_parent();
		change_bytes(t);
	}
	return child < 0;
}

/* A process that writes into the memory of this one. */
static int start_writer(struct target *t)
{
	pid_t self = getpid(), child = fork();

	if (!child) {
		struct iovec there = { t->url, 1 };

		end_with_parent();
		for (;;) {
			struct iovec here = { (char *)t->texts[*t->changes & 1], 1 };

			if (process_vm_writev(self, &here, 1, &there, 1, 0) != 1)
				_exit(0);
			++*t->changes;
		}
	}
	return child < 0;
}

static const struct changer changers[] = {
	{ "bytes", start_bytes }, { "pointers", start_pointers }, { "file", start_file },     { "mapping", start_mapping },
	{ "clone", start_clone }, { "shared", start_shared },	  { "writer", start_writer },
};

const struct changer *changer_named(const char *name)
{
	for (size_t n = 0; n < sizeof(changers) / sizeof(changers[0]); n++)
		if (strcmp(changers[n].name, name) == 0)
			return &changers[n];
	return NULL;
}
