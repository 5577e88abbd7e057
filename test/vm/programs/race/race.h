// What is raced for, and by whom.
#ifndef RACE_H
#define RACE_H

enum { PAGE = 4096 };

/* Memory that parent and child share, so that a changer may be any task. */
struct target {
	char *url;                /* at the start of a page of a file; one of the texts */
	char *harmless;           /* at the start of another page: never what a policy names */
	int file;                 /* that the page of `url` belongs to */
	char *arguments[5];
	const char *texts[2];
	volatile unsigned long *changes; /* how many there were; which text is next */
};

struct changer {
	const char *name;
	int (*start)(struct target *); /* in the process that will exec; 0 if the task changes now */
};

struct target *new_target(int harmless);
void free_target(struct target *t);

/* NULL when there is none. */
const struct changer *changer_named(const char *name);

#endif
