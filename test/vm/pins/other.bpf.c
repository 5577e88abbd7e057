/* SPDX-License-Identifier: GPL-2.0 */
/* The same programs as another build: an upgrade to it is one to another object. */
#include "exec.bpf.c"

const volatile u32 another_build = 2;
