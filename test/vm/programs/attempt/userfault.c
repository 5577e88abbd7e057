// Arguments in a page that another thread of the caller delivers when the kernel asks for it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"
#include "userfault.h"

static void *deliver(void *given)
{
	struct delivery *d = given;
	struct uffd_msg message;

	for (unsigned n = 0; read(d->descriptor, &message, sizeof(message)) == sizeof(message); n++) {
		struct uffdio_copy copy = { .dst = (unsigned long)d->page, .src = (unsigned long)d->content, .len = PAGE };

		if (n == 0 && d->before)
			d->before(d->attempt);
		ioctl(d->descriptor, UFFDIO_COPY, &copy);
	}
	return NULL;
}

static void *withdraw(void *page)
{
	for (;;)
		madvise(page, PAGE, MADV_DONTNEED);
	return NULL;
}

int deliver_late(struct attempt *a, struct delivery *d)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { .len = PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	char **last = last_of(a->argv);
	pthread_t thread;

	d->attempt = a;
	d->content = strcpy(new_pages(1), *last);
	*last = d->page = new_pages(1);
	d->descriptor = syscall(SYS_userfaultfd, O_CLOEXEC);
	range.range.start = (unsigned long)d->page;
	if (d->descriptor < 0 || ioctl(d->descriptor, UFFDIO_API, &api) || ioctl(d->descriptor, UFFDIO_REGISTER, &range))
		return -1;
	errno = pthread_create(&thread, NULL, deliver, d);
	return errno ? -1 : 0;
}

static void userfault(struct attempt *a)
{
	static struct delivery d;

	if (!deliver_late(a, &d))
		plain(a);
}

/* And a third thread takes it away again. */
static void withdrawn(struct attempt *a)
{
	static struct delivery d;
	pthread_t thread;

	if (!deliver_late(a, &d) && !pthread_create(&thread, NULL, withdraw, d.page))
		plain(a);
}

const struct way userfault_ways[] = {
	{ "userfault", userfault },
	{ "userfault-withdrawn", withdrawn },
	{ 0 },
};
