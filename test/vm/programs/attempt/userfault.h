// A last argument that is delivered when the kernel faults on it.
#ifndef USERFAULT_H
#define USERFAULT_H

#include "attempt.h"

struct delivery {
	struct attempt *attempt;
	void (*before)(struct attempt *); /* called once, while the exec waits for the page; may be NULL */
	int descriptor;
	char *page;
	char *content;
};

/* Moves the last argument into such a page; 0 if that worked. `d` must outlive the exec. */
int deliver_late(struct attempt *a, struct delivery *d);

#endif
