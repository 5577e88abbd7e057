/* freestanding. Counts in the file on descriptor 3 from its first instructions, until something ends it: how far it came stays there. */
void _start(void)
{
	register long shared __asm__("r10") = 1, file __asm__("r8") = 3, offset __asm__("r9") = 0;
	long address;

	/* mmap of one page, readable and writable */
	__asm__ volatile("syscall"
			 : "=a"(address)
			 : "a"(9L), "D"(0L), "S"(4096L), "d"(3L), "r"(shared), "r"(file), "r"(offset)
			 : "rcx", "r11", "memory");
	for (volatile unsigned long *count = (volatile unsigned long *)address; address > 0;)
		++*count;
	__asm__ volatile("syscall" : : "a"(60L), "D"(1L) : "rcx", "r11", "memory");
	__builtin_unreachable();
}
