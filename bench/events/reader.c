/* The floor: a consumer of a ring that does nothing but read. Counts what comes until it has seen as many records as it was told,
 * then prints their number, their bytes, and the processor time it took in nanoseconds.
 *
 *   reader PIN RECORDS */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t records, bytes, sum;

static int on_record(void *context, void *data, size_t size)
{
	const uint64_t *words = data;

	(void)context;
	for (size_t i = 0; i < size / 8; i++)
		sum += words[i];
	records++;
	bytes += size;
	return 0;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t wanted, begin;
	struct ring_buffer *ring;
	int fd;

	if (argc != 3)
		return 2;
	wanted = strtoull(argv[2], 0, 10);
	fd = bpf_obj_get(argv[1]);
	ring = fd < 0 ? 0 : ring_buffer__new(fd, on_record, 0, 0);
	if (!ring) {
		perror("ring");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	begin = cpu_ns();
	while (records < wanted)
		if (ring_buffer__poll(ring, 1000) < 0)
			return 1;
	printf("%lu %lu %lu %lu\n", records, bytes, cpu_ns() - begin, sum & 1);
	return 0;
}
