// The ledger: a shared page under descriptor 3 in which the stand-in notes that it ran (see stand-in.c).
#ifndef LEDGER_H
#define LEDGER_H

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct ledger {
	char magic[8];
	unsigned long started; /* programs that reached their first instruction */
	unsigned long marked;  /* those of them with arguments that a policy names */
};

enum { LEDGER_BYTES = 4096 };

/* Makes a new ledger. `path` is where the stand-in also finds it when it was started without descriptor 3; NULL: nowhere. Returns
 * NULL when it cannot be made. */
static inline struct ledger *open_ledger(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0666) : memfd_create("ledger", 0);
	struct ledger *ledger;

	if (fd < 0 || ftruncate(fd, LEDGER_BYTES) || (fd != 3 && dup2(fd, 3) < 0))
		return NULL;
	if (path && chmod(path, 0666)) /* whatever the umask says: setuid programs write here, too */
		return NULL;
	ledger = mmap(NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
	if (ledger == MAP_FAILED)
		return NULL;
	memcpy(ledger->magic, "PCLEDGER", sizeof(ledger->magic));
	return ledger;
}

#endif
