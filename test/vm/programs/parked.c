// Callers that are kept in the middle of an exec: the kernel waits for a page of their arguments that nobody delivers yet.
//
//   parked COUNT PROGRAM ARGUMENT    COUNT processes execute PROGRAM ARGUMENT. Prints "parked" when all of them wait in the kernel, goes on
//                                    when its input ends, and prints how many ran ("ran N") and how many did not ("refused N").
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static int waiting[2], gate[2], fault;
static char *page, *content;

static char *new_page(void)
{
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(125);
	return memory;
}

static void *deliver(void *unused)
{
	struct uffdio_copy copy = { .dst = (unsigned long)page, .src = (unsigned long)content, .len = PAGE };
	struct uffd_msg message;
	char byte = 0;

	(void)unused;
	if (read(fault, &message, sizeof(message)) != sizeof(message) || write(waiting[1], &byte, 1) != 1)
		_exit(125);
	if (read(gate[0], &byte, 1) == 0)
		ioctl(fault, UFFDIO_COPY, &copy);
	return NULL;
}

static void park(char *program, const char *argument)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { .len = PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t thread;

	close(gate[1]);
	content = strcpy(new_page(), argument);
	page = new_page();
	fault = syscall(SYS_userfaultfd, O_CLOEXEC);
	range.range.start = (unsigned long)page;
	if (fault < 0 || ioctl(fault, UFFDIO_API, &api) || ioctl(fault, UFFDIO_REGISTER, &range))
		_exit(125);
	if (pthread_create(&thread, NULL, deliver, NULL))
		_exit(125);
	execv(program, (char *[]){ program, page, NULL });
	_exit(126);
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[1]) : 0, ran = 0, status;
	char byte;

	if (!count || pipe2(waiting, O_CLOEXEC) || pipe2(gate, O_CLOEXEC))
		return 2;
	for (int n = 0; n < count; n++)
		if (!fork())
			park(argv[2], argv[3]);
	for (int n = 0; n < count; n++)
		if (read(waiting[0], &byte, 1) != 1)
			return 1;
	puts("parked");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	close(gate[1]);
	for (int n = 0; n < count; n++)
		if (wait(&status) > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
			ran++;
	printf("ran %d\nrefused %d\n", ran, count - ran);
	return 0;
}
