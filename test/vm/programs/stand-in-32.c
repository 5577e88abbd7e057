// freestanding 32-bit: the stand-in (see stand-in.c) as a 32-bit program.

struct ledger {
	char magic[8];
	unsigned long long started;
	unsigned long long marked;
};

enum { SYS_EXIT = 1, SYS_MMAP2 = 192, READ_WRITE = 3, MAP_SHARED = 1, PAGE = 4096 };

static long call(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("push %%ebp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%ebp"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

static int contains(const char *text, const char *word)
{
	for (; *text; text++) {
		int n = 0;

		while (word[n] && text[n] == word[n])
			n++;
		if (!word[n])
			return 1;
	}
	return 0;
}

__attribute__((used)) static void start(long *stack)
{
	struct ledger *ledger = (struct ledger *)call(SYS_MMAP2, 0, PAGE, READ_WRITE, MAP_SHARED, 3);
	char **argv = (char **)(stack + 1);
	int marked = 0;

	if ((unsigned long)ledger > -(unsigned long)PAGE || !contains(ledger->magic, "PCLEDGER"))
		call(SYS_EXIT, 3, 0, 0, 0, 0);
	for (long n = 0; n < stack[0]; n++)
		marked |= contains(argv[n], "stratum+tcp");
	ledger->started++;
	ledger->marked += marked;
	call(SYS_EXIT, 0, 0, 0, 0, 0);
}

/* The stack holds argc, then argv; the call pushes the address of the latter. */
__asm__(".global _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start\n");
