// What the ways of executing a program share.
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stddef.h>
#include <sys/types.h>

enum { PAGE = 4096, MOST_ARGS = 64 };

struct attempt {
	char *path;
	char **argv;
	char **envp;
	const char *parameter; /* what the plan says behind the way's name, or "" */
	int failure;           /* write end: a child that could not exec writes errno; closed by a successful exec */
	int ready[2];          /* a pipe for ways that need one: the child tells its parent that it is in place */
};

struct way {
	const char *name;
	/* In the child; returns only if the exec failed, with errno. */
	void (*exec)(struct attempt *);
	/* In the parent while the child does that; may be NULL. */
	void (*parent)(struct attempt *, pid_t child);
};

/* Each list ends with a way that has no name. */
extern const struct way call_ways[], memory_ways[], padding_ways[], userfault_ways[], file_ways[], task_ways[], tracer_ways[], late_ways[], kernel_ways[];

/* execve with the arguments as they are. */
void plain(struct attempt *a);

/* Writes errno for the parent and ends the process. */
void fail(const struct attempt *a, int error);

/* The pointer to the last argument. */
char **last_of(char **argv);

/* Anonymous memory, or MAP_FAILED. */
char *new_pages(size_t count);

/* The parameter as a number; `otherwise` if there is none. */
unsigned long number_of(const struct attempt *a, unsigned long otherwise);

/* Makes a file; 0 if that worked. */
int touch(const char *path);

#endif
