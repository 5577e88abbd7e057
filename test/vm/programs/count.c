// freestanding: counts from its first instructions, so that a test can tell "never ran" from "was killed soon".
//
// The caller opens a file of at least 8 bytes as descriptor 3. The program maps it shared and increments the 64-bit
// little-endian number at its start: once at entry, then as fast as it can. With an argument vector whose last element
// is "once" it exits after the first increment. Exit status 3: descriptor 3 cannot be mapped.

typedef unsigned long u64;

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

enum { SYS_MMAP = 9, SYS_EXIT_GROUP = 231, READ_WRITE = 3, MAP_SHARED = 1 };

static int is_once(const char *text)
{
	return text[0] == 'o' && text[1] == 'n' && text[2] == 'c' && text[3] == 'e' && text[4] == 0;
}

__attribute__((used)) static void count(u64 *stack)
{
	u64 argc = stack[0];
	char **argv = (char **)(stack + 1);
	volatile u64 *counter = (volatile u64 *)call(SYS_MMAP, 0, 4096, READ_WRITE, MAP_SHARED, 3, 0);

	if ((long)counter < 0 && (long)counter > -4096)
		call(SYS_EXIT_GROUP, 3, 0, 0, 0, 0, 0);
	*counter += 1;
	if (argc > 1 && is_once(argv[argc - 1]))
		call(SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
	for (;;)
		*counter += 1;
}

// The stack holds argc, then argv; keep it aligned for the call.
__asm__(".global _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall count\n");
