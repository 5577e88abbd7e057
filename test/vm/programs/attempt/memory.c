// Where the caller's arguments lie when it executes.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attempt.h"

/* The last argument ends with the last byte of a page, and nothing is mapped behind it. */
static void at_page_end(struct attempt *a)
{
	char **last = last_of(a->argv), *pages = new_pages(2);
	size_t size = strlen(*last) + 1;

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	*last = memcpy(pages + PAGE - size, *last, size);
	plain(a);
}

/* The array of pointers ends with the last byte of a page. */
static void array_at_page_end(struct attempt *a)
{
	char *pages = new_pages(2);
	size_t count = last_of(a->argv) - a->argv + 2;

	mprotect(pages + PAGE, PAGE, PROT_NONE);
	a->argv = memcpy(pages + PAGE - count * sizeof(char *), a->argv, count * sizeof(char *));
	plain(a);
}

/* Pages whose content is in a file, none of them resident. */
static char *map_file(const char *bytes, size_t pages)
{
	int file = memfd_create("pages", MFD_CLOEXEC);

	if (write(file, bytes, pages * PAGE) != (ssize_t)(pages * PAGE))
		return NULL;
	return mmap(NULL, pages * PAGE, PROT_READ, MAP_SHARED, file, 0);
}

/* The last argument lies across two pages, neither of which was touched before the exec. */
static void across_pages(struct attempt *a)
{
	char **last = last_of(a->argv), *pages = new_pages(2);
	size_t size = strlen(*last) + 1, from = PAGE - size / 2;

	memcpy(pages + from, *last, size);
	*last = map_file(pages, 2) + from;
	plain(a);
}

/* The last argument in a page that is mapped and not resident. */
static char *map_cold(struct attempt *a)
{
	char **last = last_of(a->argv), *page = new_pages(1), *cold;

	strcpy(page, *last);
	cold = map_file(page, 1);
	if (cold)
		*last = cold;
	return cold;
}

static void not_resident(struct attempt *a)
{
	if (map_cold(a))
		plain(a);
}

/* Array and last argument in pages that are mapped and not resident. */
static void array_not_resident(struct attempt *a)
{
	size_t count = last_of(a->argv) - a->argv + 2;
	char *page = new_pages(1);

	if (!map_cold(a))
		return;
	memcpy(page, a->argv, count * sizeof(char *));
	a->argv = (char **)map_file(page, 1);
	plain(a);
}

static void *take_away(void *page)
{
	for (;;)
		madvise(page, PAGE, MADV_DONTNEED);
	return NULL;
}

/* Another thread takes the page away whenever it becomes resident. */
static void vanishing(struct attempt *a)
{
	char *cold = map_cold(a);
	pthread_t thread;

	if (cold && pthread_create(&thread, NULL, take_away, cold) == 0)
		plain(a);
}

/* No arguments: the caller's list is empty. */
static void no_arguments(struct attempt *a)
{
	a->argv[0] = NULL;
	plain(a);
}

static void null_arguments(struct attempt *a)
{
	a->argv = NULL;
	plain(a);
}

/* Environment and arguments are one array. */
static void environment_alias(struct attempt *a)
{
	a->envp = a->argv;
	plain(a);
}

/* Every argument lies within the last one, from its end. */
static void overlapping(struct attempt *a)
{
	char *last = *last_of(a->argv);

	for (char **argument = a->argv; argument[1]; argument++)
		*argument = last + strlen(last) - (argument - a->argv) % strlen(last);
	plain(a);
}

/* The last argument lies where this program's own arguments lay, at the end of its stack. */
static void on_old_stack(struct attempt *a)
{
	char **last = last_of(a->argv), *end = strrchr(environ[0] ? *last_of(environ) : *last, 0);
	size_t size = strlen(*last) + 1;

	*last = memmove(end + 1 - size, *last, size);
	plain(a);
}

/* In a page that can only be read, and that the kernel was asked to put out. */
static void paged_out(struct attempt *a)
{
	char **last = last_of(a->argv), *page = new_pages(1);

	*last = strcpy(page, *last);
	mprotect(page, PAGE, PROT_READ);
	madvise(page, PAGE, MADV_MERGEABLE);
	madvise(page, PAGE, 21 /* MADV_PAGEOUT */);
	plain(a);
}

const struct way memory_ways[] = {
	{ "page-end", at_page_end },
	{ "array-page-end", array_at_page_end },
	{ "two-pages", across_pages },
	{ "not-resident", not_resident },
	{ "array-not-resident", array_not_resident },
	{ "vanishing", vanishing },
	{ "no-arguments", no_arguments },
	{ "null-arguments", null_arguments },
	{ "environment-alias", environment_alias },
	{ "overlapping", overlapping },
	{ "old-stack", on_old_stack },
	{ "paged-out", paged_out },
	{ 0 },
};
