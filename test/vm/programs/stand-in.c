// freestanding: a harmless program that is started under miners' names and with their arguments.
//
// The caller hands it the ledger as descriptor 3: a file that begins with "PCLEDGER" and three 64-bit little-endian numbers,
// which this program maps shared. From its first instructions it adds one to the first number (programs that started), then
// one to the second if an argument of its own contains a marker (programs that started with arguments a policy names). So a
// test tells "never ran" from "was killed soon", whatever the caller says. Where descriptor 3 is no ledger, as in a program that the
// kernel itself starts, the file of that name in /tmp is one, if it exists. It prints one line and exits with 0.

typedef unsigned long u64;

struct ledger {
	u64 magic;
	u64 started;
	u64 marked;
};

enum { SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_MMAP = 9, SYS_EXIT_GROUP = 231, O_RDWR = 2, READ_WRITE = 3, MAP_SHARED = 1, PAGE = 4096 };

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static int contains(const char *text, const char *word)
{
	for (; *text; text++) {
		u64 n = 0;

		while (word[n] && text[n] == word[n])
			n++;
		if (!word[n])
			return 1;
	}
	return 0;
}

static int is_ledger(const struct ledger *ledger)
{
	const char *magic = "PCLEDGER", *seen = (const char *)&ledger->magic;

	for (int n = 0; n < 8; n++)
		if (seen[n] != magic[n])
			return 0;
	return 1;
}

/* The ledger under that descriptor, or 0. */
static struct ledger *ledger_of(long descriptor)
{
	struct ledger *ledger = (struct ledger *)call(SYS_MMAP, 0, PAGE, READ_WRITE, MAP_SHARED, descriptor, 0);

	return ((long)ledger < 0 && (long)ledger > -PAGE) || !is_ledger(ledger) ? 0 : ledger;
}

__attribute__((used)) static void start(u64 *stack)
{
	static const char line[] = "a harmless stand-in ran\n";
	struct ledger *ledger = ledger_of(3);
	char **argv = (char **)(stack + 1);
	u64 argc = stack[0], marked = 0;

	if (!ledger) {
		long file = call(SYS_OPEN, (long)"/tmp/portcullis-test-ledger", O_RDWR, 0, 0, 0, 0);

		ledger = ledger_of(file);
		if (file >= 0)
			call(SYS_CLOSE, file, 0, 0, 0, 0, 0); /* it may be descriptor 1, where the line below goes */
	}
	if (ledger)
		__sync_fetch_and_add(&ledger->started, 1);
	for (u64 n = 0; n < argc && !marked; n++)
		marked = contains(argv[n], "stratum+tcp") || contains(argv[n], "portcullis-test-marker");
	if (marked && ledger)
		__sync_fetch_and_add(&ledger->marked, 1);
	call(SYS_WRITE, 1, (long)line, sizeof(line) - 1, 0, 0, 0);
	call(SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
}

/* The stack holds argc, then argv; keep it aligned for the call. */
__asm__(".global _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
