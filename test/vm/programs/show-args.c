// Prints its arguments, one JSON string a line, so that a test sees exactly what the program was started with. Bytes
// outside printable ASCII are written as \u00XX, one escape a byte.
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		putchar('"');
		for (const unsigned char *p = (const unsigned char *)argv[i]; *p; p++) {
			if (*p == '"' || *p == '\\')
				printf("\\%c", *p);
			else if (*p < 0x20 || *p > 0x7e)
				printf("\\u%04x", *p);
			else
				putchar(*p);
		}
		puts("\"");
	}
	return 0;
}
