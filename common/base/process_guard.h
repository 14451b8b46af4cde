/*
 * What a process that holds secrets asks of the kernel: no core dump, no other process of the same user at its memory
 * or environment, no new privileges. Once, at the start, before any thread.
 */
#ifndef VOC_BASE_PROCESS_GUARD_H
#define VOC_BASE_PROCESS_GUARD_H

/* Best effort: what the kernel refuses is left as it was. */
void voc_process_guard(void);

#endif
