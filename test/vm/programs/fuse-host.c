// A file system of one file, whose answers are this program's: what it is asked for of the file it says as it likes.
//
//   fuse-host DIRECTORY PROGRAM     mounts it on DIRECTORY; PROGRAM is there under its own name
//
// Says "mounted" and answers until somebody unmounts it. The protocol is that of linux/fuse.h; what nobody needs who executes a file is
// answered with ENOSYS.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROOT = FUSE_ROOT_ID, FILE_ID = 2, SECONDS_VALID = 3600, MOST_READ = 128 * 1024 };

static int device, program;
static const char *name;
static struct stat real;

static void answer(const struct fuse_in_header *asked, int error, const void *data, size_t size)
{
	struct fuse_out_header head = { .len = sizeof(head) + size, .error = -error, .unique = asked->unique };
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)data, size } };

	/* ENOENT: whoever asked has gone. */
	if (writev(device, parts, 2) < 0 && errno != ENOENT) {
		perror("fuse-host: answer");
		exit(1);
	}
}

static struct fuse_attr attributes(__u64 id)
{
	return (struct fuse_attr){
		.ino = id,
		.size = id == ROOT ? 0 : real.st_size,
		.blocks = id == ROOT ? 0 : real.st_blocks,
		.ctime = real.st_ctim.tv_sec,
		.ctimensec = real.st_ctim.tv_nsec,
		.mode = id == ROOT ? S_IFDIR | 0755 : S_IFREG | 0755,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void answer_entry(const struct fuse_in_header *asked, const char *wanted)
{
	struct fuse_entry_out entry = {
		.nodeid = FILE_ID,
		.entry_valid = SECONDS_VALID,
		.attr_valid = SECONDS_VALID,
		.attr = attributes(FILE_ID),
	};

	if (asked->nodeid != ROOT || strcmp(wanted, name))
		answer(asked, ENOENT, NULL, 0);
	else
		answer(asked, 0, &entry, sizeof(entry));
}

static void answer_read(const struct fuse_in_header *asked, const struct fuse_read_in *wanted)
{
	static char bytes[MOST_READ];
	size_t size = wanted->size < MOST_READ ? wanted->size : MOST_READ;
	ssize_t got = pread(program, bytes, size, wanted->offset);

	answer(asked, got < 0 ? EIO : 0, bytes, got < 0 ? 0 : got);
}

static void see(const struct fuse_in_header *asked, const void *data)
{
	const struct fuse_init_in *first = data;
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096 };
	struct fuse_attr_out attr = { .attr_valid = SECONDS_VALID, .attr = attributes(asked->nodeid) };
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };

	switch (asked->opcode) {
	case FUSE_INIT:
		init.max_readahead = first->max_readahead;
		answer(asked, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer_entry(asked, data);
		break;
	case FUSE_GETATTR:
		answer(asked, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(asked, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		answer_read(asked, data);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(asked, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break; /* nobody waits */
	default:
		answer(asked, ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char buffer[MOST_READ + FUSE_MIN_READ_BUFFER];
	char options[100];

	if (argc != 3) {
		fprintf(stderr, "usage: fuse-host DIRECTORY PROGRAM\n");
		return 2;
	}
	name = basename(argv[2]);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	program = open(argv[2], O_RDONLY | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", device);
	if (device < 0 || program < 0 || fstat(program, &real) || mount("fuse-host", argv[1], "fuse.host", MS_NODEV, options)) {
		perror("fuse-host");
		return 1;
	}
	puts("mounted");
	fflush(stdout);
	for (;;) {
		ssize_t size = read(device, buffer, sizeof(buffer));

		if (size >= (ssize_t)sizeof(struct fuse_in_header))
			see((void *)buffer, buffer + sizeof(struct fuse_in_header));
		else if (size < 0 && errno == ENODEV)
			return 0; /* unmounted */
		else if (size < 0 && errno != ENOENT && errno != EINTR && errno != EAGAIN)
			return perror("fuse-host: read"), 1;
	}
}
