// dynamic: the stand-in (see stand-in.c) as a program that needs the loader, and that the loader can be told to run.
#define _GNU_SOURCE
#include "ledger.h"

int main(int argc, char **argv)
{
	struct ledger *ledger = mmap(NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
	int marked = 0;

	if (ledger == MAP_FAILED)
		return 3;
	for (int n = 0; n < argc; n++)
		marked |= strstr(argv[n], "stratum+tcp") != NULL;
	ledger->started++;
	ledger->marked += marked;
	return 0;
}
